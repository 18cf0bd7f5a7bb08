import { CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { prepareFlow } from '../src/pump/prepare-flow.ts';
import { WRONG_INPUT } from '../src/replication/messages.ts';
import { WrongInput } from '../src/replication/wrong-input.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Prepared, PrepareInput } from './types.ts';

const HEARTBEAT_MS = 1000;

export async function prepare(dependencies: ActivityDependencies, prepareInput: PrepareInput): Promise<Prepared> {
  const context = Context.current();
  const { input } = prepareInput;
  const beating = setInterval(() => {
    context.heartbeat();
  }, HEARTBEAT_MS);
  try {
    const source = dependencies.openCluster(input.source);
    const destination = dependencies.openCluster(input.destination);
    return await prepareFlow(prepareInput, source, destination, context.cancellationSignal);
  } catch (error) {
    if (error instanceof WrongInput) throw ApplicationFailure.nonRetryable(error.message, WRONG_INPUT);
    if (context.cancellationSignal.aborted) throw new CancelledFailure('told to stop preparing');
    throw error;
  } finally {
    clearInterval(beating);
  }
}
