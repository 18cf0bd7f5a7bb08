import { Context } from '@temporalio/activity';
import { setAsideStranded } from '../../src/failover/set-aside.ts';
import { findStranded } from '../../src/failover/stranded-tail.ts';
import { countRepeats } from '../../src/groups/placed-groups.ts';
import { readJournal } from '../../src/journal/journal.ts';
import type { FlowKnowledge } from '../../src/replication/flow-knowledge.ts';
import type { FoundTail, GroupRepeats, StrandedQueue } from '../../src/replication/failover/messages.ts';
import type { Flow } from '../../src/replication/names.ts';
import { Attempt } from '../../src/temporal/attempt.ts';
import type { Cluster } from '../../src/transport/types.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { runAttempt } from '../run-attempt.ts';
import type { FailoverActivities } from './types.ts';

/** See `FailoverActivities.findStranded`. */
export async function findTail(
  { openCluster, budget }: ActivityDependencies,
  flow: Flow,
  signal: AbortSignal,
): Promise<FoundTail> {
  const [source, destination] = [openCluster(flow.source), openCluster(flow.destination)];
  return await findStranded({ source, destination, known: await knowledgeOf(destination, flow), budget, signal });
}

/** See `FailoverActivities.countRepeats`. */
export async function countGroupRepeats(
  { openCluster, budget }: ActivityDependencies,
  { placed, stranded, ...flow }: Parameters<FailoverActivities['countRepeats']>[0],
  signal: AbortSignal,
): Promise<GroupRepeats> {
  const [source, destination] = [openCluster(flow.source), openCluster(flow.destination)];
  return await countRepeats(placed, {
    ...{ stranded, source, destination, known: await knowledgeOf(destination, flow), budget, signal },
  });
}

/** See `FailoverActivities.setAside`. */
export async function setAside(
  { client, openCluster, budget }: ActivityDependencies,
  { queues, ...flow }: Flow & { readonly queues: readonly StrandedQueue[] },
): Promise<number> {
  const attempt = new Attempt(Context.current(), client);
  const progress = () => ({ holder: attempt.number });
  return await runAttempt(attempt, progress, async () => {
    await attempt.assertCurrent();
    const [source, destination] = [openCluster(flow.source), openCluster(flow.destination)];
    const known = await knowledgeOf(destination, flow);
    const { owner, formerOwners, ended: signal } = attempt;
    const options = { source, destination, known, budget, signal, owner, formerOwners, onWait: () => undefined };
    return await setAsideStranded(queues, options);
  });
}

/** @throws Error where the destination's journal has no map of the flow */
export async function knowledgeOf(destination: Cluster, flow: Flow): Promise<FlowKnowledge> {
  const known = await readJournal(destination, flow);
  if (!known) throw new Error(`the journal of ${flow.destination} knows nothing of replication ${flow.replication}`);
  return known;
}
