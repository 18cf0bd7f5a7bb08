/** What a broker gives at once unless its settings say otherwise (`maxTransferCountOnMessageInMemory` of its MessageStoreConfig). */
export const USUAL_MESSAGES = 32;
/** `maxTransferBytesOnMessageInMemory`; one message may be larger. */
const USUAL_BYTES = 256 * 1024;
/** Larger answers gain nothing. */
const MOST_MESSAGES = 1024;
const MOST_BYTES = 1024 * 1024;
const LEAST_BYTES = 4096;
/** So many complete answers come before more is tried; twice as many after each time that was in vain. */
const FIRST_PATIENCE = 4;
const MOST_PATIENCE = 4096;

/**
 * How many messages to ask for at once: as many as the broker gives. It gives what its settings allow, in messages and in bytes (8
 * messages where it reads from its disk), less where a file of its index ends, and never says why. So once in a while one pull tries twice as
 * many; seldom where that is in vain, because the rest of a short answer costs one more round trip.
 */
export class PullSize {
  #messages = USUAL_MESSAGES;
  #bytes = USUAL_BYTES;
  #complete = 0;
  #patience = FIRST_PATIENCE;

  /** What a pull asks for that tries nothing. */
  get messages(): number {
    return this.#messages;
  }

  /** What the answer to it may have, by the answers so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it is time for a pull of twice as many messages. */
  get mayTry(): boolean {
    return this.#complete >= this.#patience && 2 * this.#messages <= MOST_MESSAGES && 2 * this.#bytes <= MOST_BYTES;
  }

  /** Such a pull is under way; the next comes after as many complete answers again. */
  trying(): void {
    this.#complete = 0;
  }

  /** What became of a pull for messages that are there; `tried` where it was one of twice as many. */
  learn(asked: number, given: number, bytes: number, tried: boolean): void {
    this.#bytes = Math.max(bytes, Math.floor(this.#bytes * 0.9), LEAST_BYTES);
    if (given < asked) {
      if (tried && given <= this.#messages) this.#patience = Math.min(2 * this.#patience, MOST_PATIENCE);
      if (given < this.#messages) this.#patience = FIRST_PATIENCE;
      this.#messages = Math.max(1, given);
      this.#complete = 0;
    } else if (asked > this.#messages) {
      this.#messages = asked;
      this.#patience = FIRST_PATIENCE;
      this.#complete = 0;
    } else if (asked === this.#messages) this.#complete++;
  }
}
