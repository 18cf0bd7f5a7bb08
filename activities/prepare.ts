import { CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { prepareFlow } from '../src/pump/prepare-flow.ts';
import { WRONG_INPUT } from '../src/replication/messages.ts';
import { WrongInput } from '../src/replication/wrong-input.ts';
import { refuseSecondWay } from '../src/temporal/refuse-second-way.ts';
import { readRunStart } from '../src/temporal/running-replications.ts';
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
    await refuseSecondWays(dependencies, prepareInput);
    const prepared = await prepareFlow(prepareInput, source, destination, context.cancellationSignal);
    // one that began at the same time may not have been visible yet
    await refuseSecondWays(dependencies, prepareInput);
    return prepared;
  } catch (error) {
    if (error instanceof WrongInput) throw ApplicationFailure.nonRetryable(error.message, WRONG_INPUT);
    if (context.cancellationSignal.aborted) throw new CancelledFailure('told to stop preparing');
    throw error;
  } finally {
    clearInterval(beating);
  }
}

/** @throws WrongInput where another replication copies one of the topics the same way (R7) */
async function refuseSecondWays({ client }: ActivityDependencies, { replication, input }: PrepareInput): Promise<void> {
  const start = await readRunStart(client, replication, Context.current().info.workflowExecution?.runId);
  await refuseSecondWay(client, { replication, ...input }, start?.startedAt);
}
