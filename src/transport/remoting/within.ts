/** The promise's outcome, unless time runs out or a signal aborts first: then `late()` or the signal's reason is thrown. */
export async function within<T>(
  timeoutMs: number,
  promise: Promise<T>,
  late: () => Error,
  signals: readonly AbortSignal[],
): Promise<T> {
  // Whoever stops waiting does not hear of a later failure, which must not end the process.
  promise.catch(() => undefined);
  const signal = AbortSignal.any([...signals]);
  signal.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let abort: (() => void) | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(late());
        }, timeoutMs);
        abort = () => {
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', abort);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    if (abort) signal.removeEventListener('abort', abort);
  }
}
