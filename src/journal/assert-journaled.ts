import { Outdated } from '../pump/problems.ts';
import type { FlowKnowledge } from '../replication/flow-knowledge.ts';
import { TransportError } from '../transport/errors.ts';
import type { Cluster } from '../transport/types.ts';
import { ifAllowed } from './allowed.ts';
import { isNewer } from './entry.ts';
import { readJournal } from './journal.ts';

/**
 * A pump must know what is journaled on the destination, before it takes locks there (R12): after a reset a workflow starts pumps by what
 * it knew then. While the destination's journal cannot be read (its broker is down, which must not hold up the others) the source's counts.
 * @throws Outdated; TransportError
 */
export async function assertJournaled(
  source: Cluster,
  destination: Cluster,
  pump: Pick<FlowKnowledge, 'replication' | 'source' | 'destination' | 'epoch' | 'revision'>,
): Promise<void> {
  const journaled = await readJournal(destination, pump).catch((error: unknown) => {
    if (error instanceof TransportError) return ifAllowed(readJournal(source, pump));
    throw error;
  });
  if (!journaled || !isNewer(journaled, pump)) return;
  throw new Outdated(
    `epoch ${journaled.epoch}, revision ${journaled.revision} is journaled, this pump knows epoch ${pump.epoch}, revision ${pump.revision}`,
  );
}
