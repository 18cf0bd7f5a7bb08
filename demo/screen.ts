const PLAIN_EVERY_MS = 2000;

/** What people see: lines, and below them one line that is updated in place on a terminal, and printed now and then elsewhere. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #began = performance.now();
  #hasLive = false;
  #lastPlain = -Infinity;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  say(text = ''): void {
    this.#clear();
    this.#out.write(`${text}\n`);
  }

  /** A line with the seconds since the demo began. */
  step(text: string): void {
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(1).padStart(6);
    this.say(`${seconds} s  ${text}`);
  }

  live(text: string): void {
    if (this.#out.isTTY) {
      this.#clear();
      this.#out.write(text.slice(0, this.#out.columns - 1));
      this.#hasLive = true;
    } else if (performance.now() - this.#lastPlain >= PLAIN_EVERY_MS) {
      this.#lastPlain = performance.now();
      this.#out.write(`${text}\n`);
    }
  }

  #clear(): void {
    if (this.#hasLive) this.#out.write('\r\u001b[K');
    this.#hasLive = false;
  }
}
