import type { Destination } from '../transport/types.ts';
import { scanCopies, type CopyPlace, type RepeatedRun } from './newest-copy.ts';

/** More than a second's worth; then the copying waits until they are read. */
const MOST_STRETCHES = 256;

/** A part of the destination queue that somebody else wrote between our batches. */
export interface Stretch {
  readonly from: number;
  /** Exclusive. */
  readonly until: number;
  /** Source offset up to which everything was copied before it. */
  readonly above: number;
}

/**
 * What others wrote into the destination queue while this pump copied into it. It is read a little later, because a batch that a
 * frozen process sent late may be among it: that is counted, never silent (R4).
 */
export class UnreadStretches {
  #stretches: Stretch[] = [];

  get isEmpty(): boolean {
    return this.#stretches.length === 0;
  }

  get isFull(): boolean {
    return this.#stretches.length >= MOST_STRETCHES;
  }

  add(stretch: Stretch): void {
    this.#stretches.push(stretch);
  }

  /**
   * Reads them all; what could not be read stays for the next time.
   * @returns the copies among them that the log held already; and whether there are others (`foreign`): then another pump copies the
   * same queue
   */
  async read(destination: Destination, place: CopyPlace): Promise<{ repeated: RepeatedRun[]; foreign: boolean }> {
    const repeated: RepeatedRun[] = [];
    let foreign = false;
    const unread = this.#stretches;
    this.#stretches = [];
    try {
      await destination.dispatched(place.queue.broker);
      // A broker that was replaced by its slave may have lost some.
      const { max } = await destination.range(place.queue);
      for (let first = unread[0]; first; first = unread[0]) {
        const scan = await scanCopies(place, first.from, Math.min(first.until, max), first.above);
        repeated.push(...scan.repeated);
        foreign ||= scan.newest !== undefined;
        unread.shift();
      }
    } catch (error) {
      if (repeated.length === 0 && !foreign) throw error;
    } finally {
      this.#stretches.unshift(...unread);
    }
    return { repeated, foreign };
  }
}
