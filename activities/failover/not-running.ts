import { ApplicationFailure } from '@temporalio/common';
import { WorkflowNotFoundError } from '@temporalio/client';
import { WRONG_INPUT } from '../../src/replication/messages.ts';

/** The error of a request to a replication; where none of this name runs, one that no other try can mend. */
export function orNotRunning(replication: string, error: unknown): unknown {
  if (!(error instanceof WorkflowNotFoundError)) return error;
  return ApplicationFailure.nonRetryable(`replication ${replication} does not run; start it first`, WRONG_INPUT);
}
