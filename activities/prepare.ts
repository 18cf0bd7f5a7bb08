import { Context } from '@temporalio/activity';
import { readJournal } from '../src/journal/journal.ts';
import { better, recall, saysTheSame } from '../src/journal/recall.ts';
import { prepareFlow } from '../src/pump/prepare-flow.ts';
import { isUnderWay, servedAt } from '../src/replication/flow-knowledge.ts';
import type { Flow } from '../src/replication/names.ts';
import type { Prepared, PrepareInput } from '../src/replication/preparation.ts';
import { refuseSecondWay } from '../src/temporal/refuse-second-way.ts';
import { readRunStart } from '../src/temporal/running-replications.ts';
import type { Cluster } from '../src/transport/types.ts';
import { beating } from './beating.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { journal } from './journal.ts';

export async function prepare(dependencies: ActivityDependencies, input: PrepareInput): Promise<Prepared> {
  return await beating(async (signal) => {
    const refuseOtherWays = () => refuseSecondWays(dependencies, input);
    await refuseOtherWays();
    return await prepared(dependencies, input, refuseOtherWays, signal);
  });
}

/** @throws WrongInput where another replication copies one of the topics the same way (R7) */
async function refuseSecondWays(
  { client }: ActivityDependencies,
  { replication, source, input }: PrepareInput,
): Promise<void> {
  const start = await readRunStart(client, replication, Context.current().info.workflowExecution?.runId);
  const mode = source === input.source ? input.mode : 'two-way';
  await refuseSecondWay(client, { replication, ...input, mode }, start?.startedAt);
}

/** Journals what is new before anybody copies by it (R12). */
async function prepared(
  dependencies: ActivityDependencies,
  { input, discovering, ...workflowKnows }: PrepareInput,
  refuseOtherWays: () => Promise<void>,
  signal: AbortSignal,
): Promise<Prepared> {
  const source = dependencies.openCluster(workflowKnows.source);
  const destination = dependencies.openCluster(workflowKnows.destination);
  const recalled = await recall(source, destination, workflowKnows);
  const { journaled } = recalled;
  // one that is under way knows better than a journal in which a move may stand that was given up
  const known = discovering ? servedAt(recalled.known, workflowKnows.primary) : recalled.known;
  const {
    map,
    starts,
    leftOut = [],
  } = await prepareFlow({ ...known, input, discovering }, source, destination, signal);
  // one that began at the same time may not have been visible yet
  await refuseOtherWays();
  const now = { ...known, map, starts: { ...starts, ...journaled?.starts, ...known.starts } };
  const goesBack = await wasReversed(destination, {
    ...workflowKnows,
    mode: input.mode,
    isForward: input.source === source.name,
  });
  if (saysTheSame(now, journaled)) return { ...now, ...goesBack, leftOut };
  const next = { ...now, revision: now.revision + 1 };
  await journal(dependencies, next);
  return { ...next, ...goesBack, leftOut };
}

/** See `ControlActivities.recallFlow`. */
export async function recallFlow(
  { openCluster }: ActivityDependencies,
  { input, ...workflowKnows }: Omit<PrepareInput, 'discovering'>,
): Promise<Prepared | null> {
  const destination = openCluster(workflowKnows.destination);
  const known = better(workflowKnows, await readJournal(destination, workflowKnows));
  if (known === workflowKnows) return null;
  const isForward = input.source === workflowKnows.source;
  return { ...known, ...(await wasReversed(destination, { ...workflowKnows, mode: input.mode, isForward })) };
}

/** A flow back is not forgotten with Temporal, or by a stop and a start. */
async function wasReversed(
  destination: Cluster,
  { mode, isForward, ...flow }: Flow & { readonly mode: string; readonly isForward: boolean },
): Promise<{ goesBack?: true }> {
  if (mode === 'two-way' || !isForward) return {};
  const back = { ...flow, source: flow.destination, destination: flow.source };
  const journaled = await readJournal(destination, back);
  return journaled && isUnderWay(journaled) ? { goesBack: true } : {};
}
