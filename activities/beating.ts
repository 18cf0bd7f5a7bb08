import { CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { WRONG_INPUT } from '../src/replication/messages.ts';
import { WrongInput } from '../src/replication/wrong-input.ts';

const HEARTBEAT_MS = 1000;

/** Does the work with a heartbeat each second, so that the end of a worker is noticed soon. */
export async function beating<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { cancellationSignal: signal, heartbeat } = Context.current();
  const timer = setInterval(() => {
    heartbeat();
  }, HEARTBEAT_MS);
  try {
    return await work(signal);
  } catch (error) {
    if (signal.aborted) throw new CancelledFailure('told to stop');
    if (error instanceof WrongInput) throw ApplicationFailure.nonRetryable(error.message, WRONG_INPUT);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
