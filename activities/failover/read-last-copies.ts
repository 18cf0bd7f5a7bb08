import { newestCopies } from '../../src/failover/newest-copies.ts';
import { readJournal } from '../../src/journal/journal.ts';
import type { LastCopies } from '../../src/replication/failover/messages.ts';
import type { Flow } from '../../src/replication/names.ts';
import type { ActivityDependencies } from '../dependencies.ts';

/** See `FailoverActivities.readLastCopies`. */
export async function readLastCopies(
  { openCluster, budget }: ActivityDependencies,
  flow: Flow,
  signal: AbortSignal,
): Promise<LastCopies> {
  const destination = openCluster(flow.destination);
  const known = await readJournal(destination, flow);
  if (!known) throw new Error(`the journal of ${flow.destination} knows nothing of replication ${flow.replication}`);
  return await newestCopies(destination, known, budget, signal);
}
