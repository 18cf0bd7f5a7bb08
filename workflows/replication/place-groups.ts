import type { GroupsOfFlow } from '../../src/replication/commands.ts';
import type { CommandAnswer } from '../../src/replication/messages.ts';
import { done, refused } from './answers.ts';
import { causeOf } from './causes.ts';
import type { FlowState } from './flow-state.ts';
import { primaryFlow } from './group-sync.ts';
import { ONLY_HOLDER, ownHold } from './hold.ts';
import type { Task } from './task.ts';
import type { Work } from './work.ts';

/** As many as fit into an answer that is kept. */
const LONGEST_LIST = 20;
const LONGEST_PROBLEM = 300;

/**
 * Before somebody else disables these groups: from then on no sync moves any group, until the hold ends. What was told of them stays as it was before, and
 * that they were enabled then is remembered: should the move be cut short, a later one must not take them for disabled.
 */
export async function claimGroups(task: Task, work: Work, asked: GroupsOfFlow): Promise<CommandAnswer> {
  const flow = heldFlow(task, asked);
  if (typeof flow === 'string') return refused(flow);
  await handOver(task, work);
  // only now, because what a sync told meanwhile would say that they are enabled again
  task.fenced = [...new Set([...(task.fenced ?? []), ...asked.groups])];
  return done(task);
}

/** The last word on consumer groups before somebody else consumes as them: from then on no sync moves them, until the hold ends. */
export async function placeGroups(task: Task, work: Work, asked: GroupsOfFlow): Promise<CommandAnswer> {
  const flow = heldFlow(task, asked);
  if (typeof flow === 'string') return refused(flow);
  try {
    await handOver(task, work);
    const { groups, total, outOfStep } = await work.of(flow).groups.place(asked.groups);
    const told = new Map(flow.groups?.groups.map(({ group, syncedAt }) => [group, syncedAt]));
    const problems = groups.flatMap(({ group, problem }) => {
      const syncedAt = told.get(group);
      const since = syncedAt !== undefined && { syncedAt };
      return problem === undefined ? [] : [{ group, problem: problem.slice(0, LONGEST_PROBLEM), ...since }];
    });
    const shown = problems.slice(0, LONGEST_LIST);
    return done(task, { placed: { inStep: total - outOfStep, outOfStep: shown, more: outOfStep - shown.length } });
  } catch (error) {
    return refused(`it is not certain where consumer groups stand: ${causeOf(error)}; say it again`);
  }
}

/** The flow that the holder means, or why it may not. */
function heldFlow(task: Task, { flow: wanted, operationId }: GroupsOfFlow): FlowState | string {
  if (!ownHold(task, operationId)) return ONLY_HOLDER;
  const flow = primaryFlow(task);
  return flow.source === wanted.source && flow.destination === wanted.destination
    ? flow
    : `flow: progress goes from ${flow.source} to ${flow.destination}, where the application is served`;
}

/** When it resolves, no sync moves any group. */
async function handOver(task: Task, work: Work): Promise<void> {
  if (task.hold) task.hold.ownsGroups = true;
  await Promise.all(task.flows.map((one) => work.of(one).groups.handOver()));
}
