import type { PlaceGroups } from '../../src/replication/commands.ts';
import type { CommandAnswer } from '../../src/replication/messages.ts';
import { done, refused } from './answers.ts';
import { causeOf } from './causes.ts';
import { primaryFlow } from './group-sync.ts';
import { isHolders } from './hold.ts';
import type { Task } from './task.ts';
import type { Work } from './work.ts';

/** As many as fit into an answer that is kept. */
const LONGEST_LIST = 20;
const LONGEST_PROBLEM = 300;

/** The last word on consumer groups before somebody else consumes as them: from then on no sync moves them, until the hold ends. */
export async function placeGroups(
  task: Task,
  work: Work,
  { flow: wanted, groups: names, operationId }: PlaceGroups,
): Promise<CommandAnswer> {
  const { hold } = task;
  if (!hold || !isHolders(hold.operationId, operationId))
    return refused('only whoever holds the replication may do that');
  const flow = primaryFlow(task);
  if (flow.source !== wanted.source || flow.destination !== wanted.destination)
    return refused(`flow: progress goes from ${flow.source} to ${flow.destination}, where the application is served`);
  hold.ownsGroups = true;
  try {
    await Promise.all(task.flows.map((one) => work.of(one).groups.handOver()));
    const { groups, total, outOfStep } = await work.of(flow).groups.place(names);
    const problems = groups.flatMap(({ group, problem }) =>
      problem === undefined ? [] : [{ group, problem: problem.slice(0, LONGEST_PROBLEM) }],
    );
    const shown = problems.slice(0, LONGEST_LIST);
    return done(task, { placed: { inStep: total - outOfStep, outOfStep: shown, more: outOfStep - shown.length } });
  } catch (error) {
    return refused(`it is not certain where consumer groups stand: ${causeOf(error)}; say it again`);
  }
}
