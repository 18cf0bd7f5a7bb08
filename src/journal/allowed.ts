import { TransportError } from '../transport/errors.ts';

/** What was asked of a journal, or `undefined` where the cluster refuses us its journal for good: a source may. */
export async function ifAllowed<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof TransportError && error.answered && !error.retryable) return undefined;
    throw error;
  }
}
