/** Of a worker's messages in memory, over all its pumps. Bytes. */
export const MESSAGE_MEMORY = 96 * 1024 * 1024;
/**
 * Of a pump with a rate limit, which has it for itself: what waits for the limit stays in memory for as long as the backlog lasts, and nobody
 * else may have to wait for that. Bytes.
 */
export const LIMITED_MEMORY = 16 * 1024 * 1024;

/**
 * How many bytes of messages may wait in memory, over all queues that share the budget. Taking in advance waits; what must be
 * read for the copying to go on may overdraw, so that no two queues can wait for each other.
 */
export class ByteBudget {
  readonly #limit: number;
  #taken = 0;
  readonly #waiting: { bytes: number; admit: () => void }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  tryTake(bytes: number): boolean {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) return false;
    this.#taken += bytes;
    return true;
  }

  /** Takes the bytes as soon as they fit; first come, first served. Rejects with the signal's reason. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.tryTake(bytes)) return;
    await new Promise<void>((resolve, reject) => {
      const waiter = {
        bytes,
        admit: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason as Error);
        this.#admit();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiter);
    });
  }

  /** Takes the bytes even where they do not fit; negative numbers correct an estimate. */
  overdraw(bytes: number): void {
    this.#taken += bytes;
    if (bytes < 0) this.#admit();
  }

  release(bytes: number): void {
    this.overdraw(-bytes);
  }

  /** A request larger than the whole budget is let in when nothing else is. */
  #fits(bytes: number): boolean {
    return this.#taken <= 0 || this.#taken + bytes <= this.#limit;
  }

  #admit(): void {
    for (let first = this.#waiting[0]; first && this.#fits(first.bytes); first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#taken += first.bytes;
      first.admit();
    }
  }
}
