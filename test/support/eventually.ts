import { setTimeout as sleep } from 'node:timers/promises';

const ASK_AGAIN_MS = 50;

/** Calls `attempt` until it neither throws nor answers `undefined` or `false`. @throws the last failure when `limitMs` are over */
export async function eventually<T>(
  limitMs: number,
  attempt: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    let failure: unknown;
    try {
      const result = await attempt();
      if (result !== undefined && result !== false) return result;
      failure = new Error(`not within ${limitMs} ms: ${attempt.toString()}`);
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadline) throw failure;
    await sleep(ASK_AGAIN_MS);
  }
}
