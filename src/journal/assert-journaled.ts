import { Outdated } from '../pump/problems.ts';
import type { FlowKnowledge } from '../replication/flow-knowledge.ts';
import type { Cluster } from '../transport/types.ts';
import { isNewer } from './entry.ts';
import { readJournal } from './journal.ts';

/**
 * A pump must know what is journaled on the destination, before it takes locks there (R12): after a reset a workflow starts pumps by what
 * it knew then.
 * @throws Outdated; TransportError
 */
export async function assertJournaled(
  destination: Cluster,
  pump: Pick<FlowKnowledge, 'replication' | 'source' | 'destination' | 'epoch' | 'revision'>,
): Promise<void> {
  const journaled = await readJournal(destination, pump);
  if (!journaled || !isNewer(journaled, pump)) return;
  throw new Outdated(
    `epoch ${journaled.epoch}, revision ${journaled.revision} is journaled on ${destination.name}, this pump knows epoch ${pump.epoch}, revision ${pump.revision}`,
  );
}
