/** What a chain of failures began with: Temporal wraps the one that explains. */
export function innermost(error: unknown): Error {
  let inner = error instanceof Error ? error : new Error(String(error));
  while (inner.cause instanceof Error) inner = inner.cause;
  return inner;
}
