import { setTimeout as sleep } from 'node:timers/promises';

/** How long a refresh waits for an answer that is newer than the one it has. ms */
const PATIENCE_MS = 500;

/** The newest answer to a question that may take long, so that whoever does not answer holds up nobody else. */
export class Newest<T> {
  readonly #ask: () => Promise<T>;
  #value: T | undefined;
  #asking: Promise<void> | undefined;

  /** @param ask is not called again before it has answered; must not fail */
  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** Asks, unless it is being asked already, and waits for the first answer as long as it takes, for later ones a moment. */
  async get(): Promise<T> {
    this.#asking ??= this.#ask().then((value) => {
      this.#value = value;
      this.#asking = undefined;
    });
    await (this.#value === undefined
      ? this.#asking
      : Promise.race([this.#asking, sleep(PATIENCE_MS, undefined, { ref: false })]));
    return this.#value!;
  }
}
