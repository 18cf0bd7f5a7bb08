import { setTimeout as sleep } from 'node:timers/promises';

/** Waits `ms`, or until the signal aborts if there is one; resolves either way. */
export async function pause(ms: number, until?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, until && { signal: until }).catch(() => undefined);
}

/** Resolves when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
}

/** Growing waits between attempts that fail, from 100 ms to 5 s. */
export class Backoff {
  #next = 100;

  /** What was tried has worked: the next failure waits the shortest time again. */
  reset(): void {
    this.#next = 100;
  }

  async wait(until: AbortSignal): Promise<void> {
    const ms = this.#next;
    this.#next = Math.min(ms * 2, 5000);
    await pause(ms, until);
  }
}
