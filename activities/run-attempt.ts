import { CancelledFailure } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { QueueBlocked } from '../src/pump/problems.ts';
import type { Attempt } from '../src/temporal/attempt.ts';

const HEARTBEAT_MS = 1000;

/**
 * Does the work of an activity that may outlive an outage of Temporal, with a heartbeat each second that tells its `progress`.
 * The work ends early once `attempt.ended` aborts, and throws then.
 * @throws CancelledFailure where the workflow asked for the end
 * @throws ApplicationFailure otherwise; not to be tried again where an operator has to act first
 */
export async function runAttempt<T>(attempt: Attempt, progress: () => unknown, work: () => Promise<T>): Promise<T> {
  const beating = setInterval(() => {
    attempt.heartbeat(progress());
  }, HEARTBEAT_MS);
  try {
    return await work();
  } catch (error) {
    if (attempt.isCancelRequested) throw new CancelledFailure('told to stop');
    if (attempt.ended.aborted) throw await attempt.handedOver();
    if (error instanceof QueueBlocked) throw ApplicationFailure.nonRetryable(error.message);
    throw ApplicationFailure.create({ message: error instanceof Error ? error.message : String(error) });
  } finally {
    clearInterval(beating);
  }
}
