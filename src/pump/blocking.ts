import type { BlockedQueue } from '../replication/messages.ts';

/** Whether a queue is blocked, and what the replication believes of it: that is told when it changes. */
export class Blocking {
  blocked: BlockedQueue | undefined;
  #believed: boolean;
  readonly #onNews: () => void;

  /** `believed`: the replication believes that the queue is blocked, by what an earlier pump told. */
  constructor(believed: boolean, onNews: () => void) {
    this.#believed = believed;
    this.#onNews = onNews;
  }

  /** Only an operator can help. */
  begin(blocked: BlockedQueue): void {
    this.blocked = blocked;
    this.#believed = true;
    this.#onNews();
  }

  /** Copying works. */
  end(): void {
    if (!this.#believed) return;
    this.blocked = undefined;
    this.#believed = false;
    this.#onNews();
  }
}
