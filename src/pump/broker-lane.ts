import type { Destination } from '../transport/types.ts';
import type { QueueCopier } from './queue-copier.ts';
import { QueueLocks } from './queue-lock.ts';
import { Backoff } from './time.ts';

/** Whether this attempt of the pump is still the one that Temporal counts on. */
export type Standing = 'current' | 'superseded';

export interface LaneOptions {
  readonly destination: Destination;
  readonly broker: string;
  readonly group: string;
  readonly owner: string;
  readonly formerOwners: readonly string[];
  readonly copiers: readonly QueueCopier[];
  /** Asks Temporal, and does not come back before it has answered. */
  readonly standing: () => Promise<Standing>;
  /** Called when this pump is superseded: it must end. */
  readonly onSuperseded: () => void;
}

/** All queues of a pump that are copied to one destination broker: they share its locks, and its outages. */
export class BrokerLane {
  trouble: string | undefined;
  readonly #options: LaneOptions;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /**
   * Copies while it holds the locks, until `stop` aborts. Before locks are taken, Temporal must have acknowledged that this
   * attempt is the current one: a process that was frozen learns there that it has been replaced (R6).
   */
  async run(stop: AbortSignal): Promise<void> {
    const { destination, broker, group, owner, formerOwners, copiers, standing, onSuperseded } = this.#options;
    const backoff = new Backoff();
    while (!stop.aborted) {
      const keys = copiers.map(({ route }) => route.from);
      const locks = new QueueLocks({ destination, broker, group, owner, formerOwners, keys });
      try {
        if ((await standing()) === 'superseded') {
          onSuperseded();
          return;
        }
        await locks.take(stop);
        this.trouble = undefined;
        backoff.reset();
        const until = AbortSignal.any([stop, locks.lost]);
        await Promise.all(copiers.map((copier) => copier.run(until, locks.lease)));
        locks.lost.throwIfAborted();
      } catch (error) {
        this.trouble = `broker ${broker}: ${(error as Error).message}`;
      } finally {
        await locks.release();
      }
      await backoff.wait(stop);
    }
  }
}
