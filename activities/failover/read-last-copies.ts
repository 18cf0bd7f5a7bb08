import { newestCopies } from '../../src/failover/newest-copies.ts';
import type { LastCopies } from '../../src/replication/failover/messages.ts';
import type { Flow } from '../../src/replication/names.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { knowledgeOf } from './stranded.ts';

/** See `FailoverActivities.readLastCopies`. */
export async function readLastCopies(
  { openCluster, budget }: ActivityDependencies,
  flow: Flow,
  signal: AbortSignal,
): Promise<LastCopies> {
  const destination = openCluster(flow.destination);
  return await newestCopies(destination, await knowledgeOf(destination, flow), budget, signal);
}
