import { isUnderWay, servedAt } from '../replication/flow-knowledge.ts';
import type { Flow } from '../replication/names.ts';
import type { Cluster } from '../transport/types.ts';
import { ifAllowed } from './allowed.ts';
import { readJournal, writeJournal } from './journal.ts';

/**
 * Journals that a flow is retired: its map and starts, and where it is served, are decided anew if it ever starts again. The generations of its queues stay, because
 * the copies stay that carry them. All of it expires with the topic's retention. A source that refuses us its journal
 * goes without. @throws TransportError
 */
export async function forgetFlow(source: Cluster, destination: Cluster, replication: string): Promise<void> {
  const flow = { replication, source: source.name, destination: destination.name };
  await ifAllowed(forgetIn(source, flow));
  await forgetIn(destination, flow);
}

async function forgetIn(cluster: Cluster, flow: Flow): Promise<void> {
  const known = await readJournal(cluster, flow);
  if (!known || !isUnderWay(known)) return;
  const generations = Object.entries(known.histories).map(
    ([queue, { generation }]) => [queue, { generation }] as const,
  );
  const histories = Object.fromEntries(generations);
  const left = { ...known, map: [], starts: {}, histories, revision: known.revision + 1 };
  await writeJournal(cluster, servedAt(left, undefined));
}
