import type { Destination, OffsetSource } from '../transport/types.ts';
import type { Route } from './read-back.ts';

/** Where copying one queue stands, kept on both clusters (R5). */
export class Checkpoints {
  readonly #source: Pick<OffsetSource, 'commit'>;
  readonly #destination: Pick<Destination, 'commit'>;
  readonly #route: Pick<Route, 'group' | 'from' | 'checkpoint'>;
  #committed: { readonly next: number; readonly newest: number | undefined } | undefined;

  constructor(
    source: Pick<OffsetSource, 'commit'>,
    destination: Pick<Destination, 'commit'>,
    route: Pick<Route, 'group' | 'from' | 'checkpoint'>,
  ) {
    this.#source = source;
    this.#destination = destination;
    this.#route = route;
  }

  /** Whether what was committed last is not what stands here. */
  areBehind(next: number, known: number | undefined): boolean {
    return this.#committed?.next !== next || this.#committed.newest !== (known ?? this.#committed.newest);
  }

  /**
   * Commits the next source offset, and the destination offset of the newest copy where that is known. Says whether either had moved;
   * else nothing is sent. @throws TransportError
   */
  async commit(next: number, known: number | undefined): Promise<boolean> {
    if (!this.areBehind(next, known)) return false;
    const { group, from, checkpoint } = this.#route;
    const newest = known ?? this.#committed?.newest;
    await this.#source.commit(group, from, next);
    if (newest !== undefined) await this.#destination.commit(group, checkpoint, newest);
    this.#committed = { next, newest };
    return true;
  }
}
