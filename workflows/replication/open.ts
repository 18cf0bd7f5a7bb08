import { workflowInfo } from '@temporalio/workflow';
import { notAvailableYet, replicationInput, type ReplicationInput } from '../../src/replication/input.ts';
import { REPLICATION_NAME, WORKFLOW_ID_PREFIX } from '../../src/replication/names.ts';
import { readAs, wrongInput } from '../wrong-input.ts';
import { restore, type Carried } from './carried.ts';
import { newTask, type Task } from './task.ts';

/** The task of a first run, or of one that goes on. @throws ApplicationFailure of type `WrongInput`, not retryable */
export function openTask(given: unknown, carried: Carried | undefined): Task {
  const { workflowId, continuedFromExecutionRunId, startTime } = workflowInfo();
  const name = nameIn(workflowId);
  const input = readInput(given);
  if (carried === undefined) return newTask(name, input, startTime.toISOString());
  if (continuedFromExecutionRunId === undefined)
    throw wrongInput('input: expected one JSON object, found more than one');
  return restore(name, input, carried);
}

function nameIn(workflowId: string): string {
  const name = workflowId.slice(WORKFLOW_ID_PREFIX.length);
  if (workflowId.startsWith(WORKFLOW_ID_PREFIX) && REPLICATION_NAME.test(name)) return name;
  throw wrongInput(
    `workflow ID: expected ${WORKFLOW_ID_PREFIX}NAME with a name of letters, digits and -, at most 48, found ${workflowId}`,
  );
}

function readInput(given: unknown): ReplicationInput {
  const input = readAs(replicationInput, given);
  const missing = notAvailableYet(input);
  if (missing.length > 0) throw wrongInput(...missing);
  return input;
}
