import { pause } from './time.ts';

/** A longer timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface RateLimit {
  readonly bytesPerSecond?: number;
  readonly messagesPerSecond?: number;
}

/**
 * Spaces out batches so that neither limit is passed on average. A batch may go as soon as what went before it is paid for, so a
 * batch larger than a second's worth passes, and is paid for afterwards.
 */
export class RateLimiter {
  readonly #limit: RateLimit;
  #freeAt = 0;

  constructor(limit: RateLimit) {
    this.#limit = limit;
  }

  get isLimited(): boolean {
    return this.#limit.bytesPerSecond !== undefined || this.#limit.messagesPerSecond !== undefined;
  }

  /** Messages that one batch may hold: about a second's worth, so that a low limit gives a steady flow and no bursts. */
  get batchMessages(): number {
    return Math.ceil(this.#limit.messagesPerSecond ?? Infinity);
  }

  async take(bytes: number, messages: number, until: AbortSignal): Promise<void> {
    const cost = Math.max(
      bytes / (this.#limit.bytesPerSecond ?? Infinity),
      messages / (this.#limit.messagesPerSecond ?? Infinity),
    );
    if (cost === 0) return;
    const now = performance.now();
    const wait = this.#freeAt - now;
    this.#freeAt = Math.max(this.#freeAt, now) + cost * 1000;
    if (wait > 0) await pause(Math.min(wait, LONGEST_TIMER_MS), until);
  }
}
