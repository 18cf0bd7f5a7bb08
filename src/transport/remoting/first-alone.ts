/**
 * Of what begins at once under one key the first goes alone, and the others together once it is over, whatever became of it.
 * For what a server creates with the first request and loses part of where two come at the same time.
 */
export class FirstAlone {
  readonly #firsts = new Map<string, Promise<unknown>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const first = this.#firsts.get(key);
    if (first) {
      await first.catch(() => undefined);
      return await work();
    }
    const alone = work();
    this.#firsts.set(key, alone);
    try {
      return await alone;
    } finally {
      this.#firsts.delete(key);
    }
  }
}
