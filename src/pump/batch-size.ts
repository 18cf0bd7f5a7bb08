import { TARGET_BATCH_BYTES } from './batch-builder.ts';
import { SEND_TIMEOUT_MS } from './queue-lock.ts';

const SMALLEST_BYTES = 16 * 1024;
/** A batch that took longer leaves no room for one of twice its size. */
const QUICK_MS = SEND_TIMEOUT_MS / 4;

/**
 * How large a queue's batches may be. Behind a slow network or broker a large one would never be answered within a send's time, and be sent again
 * and again: after a send without an answer batches are half as large, after quick answers twice. A larger message goes alone.
 */
export class BatchSize {
  #bytes = TARGET_BATCH_BYTES;

  get bytes(): number {
    return this.#bytes;
  }

  stored(tookMs: number): void {
    if (tookMs < QUICK_MS) this.#bytes = Math.min(this.#bytes * 2, TARGET_BATCH_BYTES);
  }

  unanswered(bytes: number): void {
    this.#bytes = Math.max(SMALLEST_BYTES, Math.floor(Math.min(this.#bytes, bytes) / 2));
  }
}
