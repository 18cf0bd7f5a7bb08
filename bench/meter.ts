/**
 * Messages a second, from the first answer on: connecting, and what a pump does before it copies, are not part of it. What the
 * first answer brought is not counted.
 */
export class Meter {
  #first: { readonly at: number; readonly messages: number } | undefined;
  #messages = 0;

  get messages(): number {
    return this.#messages;
  }

  /** When the first answer came, by `performance.now()`. */
  get began(): number | undefined {
    return this.#first?.at;
  }

  add(messages: number): void {
    this.#first ??= { at: performance.now(), messages };
    this.#messages += messages;
  }

  /** Called when it is all over. */
  rate(): number {
    if (!this.#first) return 0;
    return ((this.#messages - this.#first.messages) * 1000) / (performance.now() - this.#first.at);
  }
}
