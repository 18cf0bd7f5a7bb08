import type { Batch } from '../transport/types.ts';
import type { ByteBudget } from './byte-budget.ts';

/** A batch grows by parts of at most so many bytes, or by one of the size of a larger message. */
export const PART_BYTES = 256 * 1024;

/**
 * Where a batch is written: in parts, taken from the budget as the batch grows. The first is there whether it fits into the budget or
 * not, so that copying goes on.
 */
export class BatchBuffer {
  /** To be written into. */
  part: Buffer;
  readonly #budget: ByteBudget;
  readonly #full: Buffer[] = [];
  #fullBytes = 0;
  #taken = 0;

  constructor(budget: ByteBudget, bytes: number) {
    this.#budget = budget;
    budget.overdraw(bytes);
    this.part = this.#allocate(bytes);
  }

  /** Bytes of the batch so far, where `position` is the end of what stands in `part`. */
  bytes(position: number): number {
    return this.#fullBytes + position;
  }

  /** Goes on in a new part. False where the budget has no room for it. */
  grow(position: number, bytes: number): boolean {
    if (!this.#budget.tryTake(bytes)) return false;
    this.#close(position);
    this.part = this.#allocate(bytes);
    return true;
  }

  /** All parts as the body of a batch. */
  finish(position: number): Pick<Batch, 'parts' | 'bytes'> {
    this.#close(position);
    return { parts: this.#full, bytes: this.#fullBytes };
  }

  get isReleased(): boolean {
    return this.#taken === 0;
  }

  /** Gives everything back, once. What was written must not be under way any more. */
  release(): void {
    this.#budget.release(this.#taken);
    this.#taken = 0;
  }

  #allocate(bytes: number): Buffer {
    this.#taken += bytes;
    return Buffer.allocUnsafe(bytes);
  }

  #close(position: number): void {
    this.#full.push(this.part.subarray(0, position));
    this.#fullBytes += position;
  }
}
