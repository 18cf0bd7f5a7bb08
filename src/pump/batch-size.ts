import { TARGET_BATCH_BYTES } from './batch-builder.ts';
import { SEND_TIMEOUT_MS } from './queue-lock.ts';

const SMALLEST_BYTES = 16 * 1024;
/** A batch that took longer leaves no room for one of twice its size. */
const QUICK_MS = SEND_TIMEOUT_MS / 4;
/** A batch that took longer came too close to the time that a send has. */
const SLOW_MS = SEND_TIMEOUT_MS / 2;
/** What one queue should be able to take over any distance: with one batch under way, so much for each ms of a round trip. */
const BYTES_A_MS = 40 * 1024;

/**
 * How large a queue's batches may be; what the broker takes is a limit besides.
 *
 * Behind a slow network or broker a large batch would never be answered within a send's time, and be sent again and again: after a send without
 * an answer, or a late one, batches are half as large, after quick answers twice. A larger message goes alone. Over a long way they grow beyond what
 * gains anything on a short one, because only one is under way.
 */
export class BatchSize {
  #bytes = TARGET_BATCH_BYTES;
  /** The quickest answer so far: about the round trip. ms */
  #quickestMs = Infinity;

  get bytes(): number {
    return this.#bytes;
  }

  stored(bytes: number, tookMs: number): void {
    this.#quickestMs = Math.min(this.#quickestMs, tookMs);
    const most = Math.max(TARGET_BATCH_BYTES, Math.floor(this.#quickestMs * BYTES_A_MS));
    if (tookMs < QUICK_MS) this.#bytes = Math.min(this.#bytes * 2, most);
    else if (tookMs > SLOW_MS) this.unanswered(bytes);
  }

  unanswered(bytes: number): void {
    this.#bytes = Math.max(SMALLEST_BYTES, Math.floor(Math.min(this.#bytes, bytes) / 2));
  }
}
