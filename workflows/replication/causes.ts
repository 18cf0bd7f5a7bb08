import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

/** What the activity itself said, not what that was caused by. */
export function causeOf(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Whether the activity failed with an ApplicationFailure of this type. */
export function isFailure(error: unknown, type: string): boolean {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === type;
}
