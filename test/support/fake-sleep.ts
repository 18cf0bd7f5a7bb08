/**
 * Stands in for `node:timers/promises`, whose timers vitest's fake clock does not move:
 *
 *     vi.mock('node:timers/promises', () => import('../../support/fake-sleep.ts'));
 */
export function setTimeout(
  ms: number,
  value: unknown,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = globalThis.setTimeout(() => {
      signal?.removeEventListener('abort', leave);
      resolve(value);
    }, ms);
    if (signal?.aborted) leave();
    else signal?.addEventListener('abort', leave, { once: true });
  });
}
