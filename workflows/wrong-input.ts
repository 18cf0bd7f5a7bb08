import { ApplicationFailure } from '@temporalio/workflow';
import type { ZodType } from 'zod';
import { WRONG_INPUT } from '../src/replication/messages.ts';
import { problemsOf, sentence } from '../src/replication/problems.ts';

/** What no other try can mend: it fails a workflow, and refuses an update or a query. */
export function wrongInput(...problems: readonly string[]): ApplicationFailure {
  return ApplicationFailure.nonRetryable(problems.join('\n'), WRONG_INPUT);
}

/** @throws ApplicationFailure of type `WrongInput` that names each wrong field */
export function readAs<T>(schema: ZodType<T>, given: unknown): T {
  const read = schema.safeParse(given);
  if (!read.success) throw wrongInput(...problemsOf(read.error, given).map(sentence));
  return read.data;
}
