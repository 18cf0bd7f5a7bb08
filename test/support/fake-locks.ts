import { queueKey, type Destination, type Queue } from '../../src/transport/types.ts';

const LIFETIME_MS = 60_000;

/** A broker's queue locks in memory, by the clock that vitest can move, and a connection to them that a test can cut. */
export class FakeLocks implements Pick<Destination, 'lock' | 'unlock' | 'onLocksLost'> {
  /** What was asked, as `lock OWNER` and `unlock OWNER`. */
  readonly calls: string[] = [];
  /** Fails each request with this, while it is set. */
  failure: Error | undefined;
  /** Holds each answer back until it resolves, while it is set. */
  delay: Promise<void> | undefined;
  listeners = new Set<(broker: string) => void>();
  readonly #held = new Map<string, { owner: string; until: number }>();

  async lock(_broker: string, group: string, owner: string, keys: readonly Queue[]): Promise<Queue[]> {
    await this.#request(`lock ${owner}`);
    const time = performance.now();
    return keys.filter((key) => {
      const held = this.#held.get(group + queueKey(key));
      if (held && held.owner !== owner && held.until > time) return false;
      this.#held.set(group + queueKey(key), { owner, until: time + LIFETIME_MS });
      return true;
    });
  }

  async unlock(_broker: string, group: string, owner: string, keys: readonly Queue[]): Promise<void> {
    await this.#request(`unlock ${owner}`);
    for (const key of keys)
      if (this.#held.get(group + queueKey(key))?.owner === owner) this.#held.delete(group + queueKey(key));
  }

  onLocksLost(listener: (broker: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The broker has restarted: it knows no locks, and connections to it are lost. */
  restart(broker: string): void {
    this.#held.clear();
    for (const listener of this.listeners) listener(broker);
  }

  owners(group: string, keys: readonly Queue[]): (string | undefined)[] {
    return keys.map((key) => this.#held.get(group + queueKey(key))?.owner);
  }

  async #request(call: string): Promise<void> {
    this.calls.push(call);
    await this.delay;
    if (this.failure) throw this.failure;
  }
}
