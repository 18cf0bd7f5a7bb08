/** What many ask for at once, such as all queues of a broker, is asked once. */
export class Sharing<T> {
  readonly #joinable = new Map<string, Promise<T>>();

  /** Joins what was asked by this key, or asks. Nobody joins any more once `close` was called or it is over. */
  async share(key: string, ask: (close: () => void) => Promise<T>): Promise<T> {
    const known = this.#joinable.get(key);
    if (known) return await known;
    const close = () => {
      if (this.#joinable.get(key) === asked) this.#joinable.delete(key);
    };
    const asked = ask(close).finally(close);
    this.#joinable.set(key, asked);
    return await asked;
  }
}
