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

  /** The replication believes that the queue is blocked, and nothing is known of it yet. */
  get isUnseen(): boolean {
    return this.#believed && this.blocked === undefined;
  }

  /** The replication believes that the queue is blocked, rightly or not. */
  get isBelieved(): boolean {
    return this.#believed;
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
