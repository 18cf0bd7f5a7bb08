import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import { failoverInput, type FailoverInput } from '../src/replication/failover/input.ts';
import { failoverId, type FailoverResult } from '../src/replication/failover/messages.ts';
import { planOf } from '../src/replication/failover/plan.ts';
import { Course } from './failover/course.ts';
import { failback, lookForTail } from './failover/failback.ts';
import { listen } from './failover/listen.ts';
import { sourceLost, surveyLost } from './failover/source-lost.ts';
import { surveyBoth, switchover } from './failover/switchover.ts';
import { readAs, wrongInput } from './wrong-input.ts';

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
    const { look, move } = MODES[input.mode];
    return await (input.dryRun ? dryRun(course, look) : move(course));
  });
}

const MODES: Readonly<
  Record<
    FailoverInput['mode'],
    { look: (course: Course) => Promise<unknown>; move: (course: Course) => Promise<FailoverResult> }
  >
> = {
  switchover: { look: surveyBoth, move: switchover },
  failover: { look: surveyLost, move: sourceLost },
  failback: { look: lookForTail, move: failback },
};

/** Looks, and changes nothing. */
async function dryRun(course: Course, look: (course: Course) => Promise<unknown>): Promise<FailoverResult> {
  await course.forwardOrBack(async () => {
    await look(course);
  });
  return course.end(course.problems.length === 0 ? 'dry-run' : 'refused');
}

function readInput(given: unknown): FailoverInput {
  const input = readAs(failoverInput, given);
  const expected = failoverId(input.replication);
  const { workflowId } = workflowInfo();
  if (workflowId === expected) return input;
  throw wrongInput(`workflow ID: expected ${expected}, so that only one runs at a time, found ${workflowId}`);
}
