import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { notAvailableYet, replicationInput, type ReplicationInput } from '../../src/replication/input.ts';
import { WRONG_INPUT } from '../../src/replication/messages.ts';
import { REPLICATION_NAME, WORKFLOW_ID_PREFIX } from '../../src/replication/names.ts';
import { problemsOf, sentence } from '../../src/replication/problems.ts';
import { restore, type Carried } from './carried.ts';
import { newTask, type Task } from './task.ts';

/** The task of a first run, or of one that goes on. @throws ApplicationFailure of type `WrongInput`, not retryable */
export function openTask(given: unknown, carried: Carried | undefined): Task {
  const { workflowId, continuedFromExecutionRunId, startTime } = workflowInfo();
  const name = nameIn(workflowId);
  const input = readInput(given);
  if (carried === undefined) return newTask(name, input, startTime.toISOString());
  if (continuedFromExecutionRunId === undefined) throw wrong(['input: expected one JSON object, found more than one']);
  return restore(name, input, carried);
}

function nameIn(workflowId: string): string {
  const name = workflowId.slice(WORKFLOW_ID_PREFIX.length);
  if (workflowId.startsWith(WORKFLOW_ID_PREFIX) && REPLICATION_NAME.test(name)) return name;
  throw wrong([
    `workflow ID: expected ${WORKFLOW_ID_PREFIX}NAME with a name of letters, digits and -, at most 48, found ${workflowId}`,
  ]);
}

function readInput(given: unknown): ReplicationInput {
  const read = replicationInput.safeParse(given);
  if (!read.success) throw wrong(problemsOf(read.error, given).map(sentence));
  const missing = notAvailableYet(read.data);
  if (missing.length > 0) throw wrong(missing);
  return read.data;
}

function wrong(problems: readonly string[]): ApplicationFailure {
  return ApplicationFailure.nonRetryable(problems.join('\n'), WRONG_INPUT);
}
