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

/** What begins before the call is of no use to the caller: those that ask while one is under way share the next one. */
export class SharingTheNext {
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #next = new Sharing<void>();

  /** Begins after the call, and not before the one under way has ended, whatever became of that. */
  async share(key: string, ask: () => Promise<void>): Promise<void> {
    await this.#next.share(key, async (close) => {
      await this.#underWay.get(key)?.catch(() => undefined);
      close();
      const asked = ask();
      this.#underWay.set(key, asked);
      await asked;
    });
  }
}
