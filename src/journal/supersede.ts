import type { FlowKnowledge } from '../replication/flow-knowledge.ts';
import type { Cluster } from '../transport/types.ts';
import { isNewer } from './entry.ts';
import { readJournal, writeJournal } from './journal.ts';

/**
 * Appends an entry that counts, whatever this journal holds of the flow: of a move that was given up, or from before it was retired. Generations stay,
 * because the copies stay that carry them. @throws TransportError; Error for an entry that a later release wrote
 */
export async function supersede(cluster: Cluster, entry: FlowKnowledge): Promise<void> {
  const journaled = await readJournal(cluster, entry);
  await writeJournal(cluster, journaled && !isNewer(entry, journaled) ? above(entry, journaled) : entry);
}

/** The same, but newer than what is journaled, and with the newest generation of each queue. */
export function above(entry: FlowKnowledge, { epoch, revision, histories }: FlowKnowledge): FlowKnowledge {
  return { ...entry, epoch, revision: revision + 1, histories: newest(histories, entry.histories) };
}

/** Of each queue the newest generation. */
function newest(a: FlowKnowledge['histories'], b: FlowKnowledge['histories']): FlowKnowledge['histories'] {
  const later = Object.entries(b).filter(([key, { generation }]) => generation >= (a[key]?.generation ?? 0));
  return { ...a, ...Object.fromEntries(later) };
}
