import { setMaxListeners } from 'node:events';
import type { Destination } from '../transport/types.ts';
import { Superseded } from './problems.ts';
import type { QueueCopier } from './queue-copier.ts';
import { QueueLocks } from './queue-lock.ts';
import { Backoff } from './time.ts';

export interface LaneOptions {
  readonly destination: Destination;
  readonly broker: string;
  readonly group: string;
  readonly owner: string;
  readonly formerOwners: readonly string[];
  /** The newest of them said that its locks are given back, and that nothing it sent can still arrive. */
  readonly isFormerAtRest: boolean;
  readonly copiers: readonly QueueCopier[];
  /** Asks whether this pump may still copy, and does not come back before that is known. @throws Superseded */
  readonly assertCurrent: () => Promise<void>;
  /** Called when this pump is superseded: it must end. */
  readonly onSuperseded: (reason: Superseded) => void;
}

/** All queues of a pump that are copied to one destination broker: they share its locks, and its outages. */
export class BrokerLane {
  trouble: string | undefined;
  readonly #options: LaneOptions;
  /** Locks were taken from an earlier attempt, and its last writes have not been waited out yet. */
  #owesWait = false;
  #isAtRest: boolean;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#isAtRest = options.isFormerAtRest;
  }

  /**
   * Asked after the end: nothing that was sent by this attempt or one before it can still arrive. That is known where the locks were held to the end, so
   * that nobody came in between, and no send is unanswered; and where the attempt before said so and no locks were asked for.
   */
  get isAtRest(): boolean {
    return this.#isAtRest;
  }

  /**
   * Copies while it holds the locks, until `stop` aborts. Before locks are taken it is asked whether this pump still counts: a process
   * that was frozen learns there that it has been replaced (R6), and one that knows an older map that there is a newer one (R12).
   */
  async run(stop: AbortSignal): Promise<void> {
    const { destination, broker, group, owner, formerOwners, copiers, assertCurrent, onSuperseded } = this.#options;
    const backoff = new Backoff();
    const onWait = (reason: string) => {
      this.trouble = `broker ${broker}: ${reason}`;
    };
    while (!stop.aborted) {
      const keys = copiers.map(({ route }) => route.from);
      const locks: QueueLocks = new QueueLocks({
        destination,
        broker,
        group,
        owner,
        formerOwners,
        keys,
        owesWait: this.#owesWait,
        isAtRest: this.#isAtRest,
        onWait,
      });
      // Another try does not know who came in between.
      this.#isAtRest = false;
      try {
        await assertCurrent();
        await locks.take(stop);
        this.trouble = undefined;
        backoff.reset();
        const until = AbortSignal.any([stop, locks.lost]);
        // Each queue listens.
        setMaxListeners(0, until);
        await Promise.all(copiers.map((copier) => copier.run(until, locks.lease)));
        // While the locks are held: nobody else has newer checkpoints.
        await Promise.allSettled(copiers.map((copier) => copier.commit()));
        locks.lost.throwIfAborted();
        this.#isAtRest = copiers.every(({ isUnanswered }) => !isUnanswered);
      } catch (error) {
        if (error instanceof Superseded) {
          onSuperseded(error);
          return;
        }
        this.trouble = `broker ${broker}: ${(error as Error).message}`;
      } finally {
        this.#owesWait = locks.owesWait;
        await locks.release();
      }
      await backoff.wait(stop);
    }
  }
}
