import { ApplicationFailure, CancellationScope, workflowInfo } from '@temporalio/workflow';
import { WRONG_INPUT } from '../src/replication/messages.ts';
import { failoverInput, type FailoverInput } from '../src/replication/failover/input.ts';
import { failoverId, type FailoverResult } from '../src/replication/failover/messages.ts';
import { planOf } from '../src/replication/failover/plan.ts';
import { problemsOf, sentence } from '../src/replication/problems.ts';
import { Course } from './failover/course.ts';
import { listen } from './failover/listen.ts';
import { sourceLost, surveyLost } from './failover/source-lost.ts';
import { surveyBoth, switchover } from './failover/switchover.ts';

/**
 * Moves an application from a replication's source to its destination.
 * @param given a `FailoverConfig`; wrong input fails the workflow at once, naming the fields
 */
export async function failover(given: unknown): Promise<FailoverResult> {
  const input = readInput(given);
  const cancelled = CancellationScope.current().cancelRequested;
  return await CancellationScope.nonCancellable(async () => {
    const course = new Course(input, planOf(input));
    listen(course);
    void cancelled.catch(() => {
      course.abort('the workflow was cancelled');
    });
    if (input.mode === 'failover') return await (input.dryRun ? dryRun(course, surveyLost) : sourceLost(course));
    return await (input.dryRun ? dryRun(course, surveyBoth) : switchover(course));
  });
}

/** Looks, and changes nothing. */
async function dryRun(course: Course, look: (course: Course) => Promise<unknown>): Promise<FailoverResult> {
  await course.forwardOrBack(async () => {
    await look(course);
  });
  return course.end(course.problems.length === 0 ? 'dry-run' : 'refused');
}

function readInput(given: unknown): FailoverInput {
  const read = failoverInput.safeParse(given);
  if (!read.success) throw wrong(problemsOf(read.error, given).map(sentence));
  const { replication, mode } = read.data;
  const { workflowId } = workflowInfo();
  if (workflowId !== failoverId(replication))
    throw wrong([
      `workflow ID: expected ${failoverId(replication)}, so that only one runs at a time, found ${workflowId}`,
    ]);
  if (mode === 'failback') throw wrong([`mode: ${mode} is not available yet`]);
  return read.data;
}

function wrong(problems: readonly string[]): ApplicationFailure {
  return ApplicationFailure.nonRetryable(problems.join('\n'), WRONG_INPUT);
}
