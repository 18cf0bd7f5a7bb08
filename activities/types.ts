import type { Counters, RepeatedCopies } from '../src/replication/messages.ts';
import type { QueueRange } from '../src/replication/queue-map.ts';
import type { ReplicationInput } from '../src/replication/input.ts';

/** What the `prepare` activity needs: everything is checked before anything is created. */
export interface PrepareInput {
  readonly replication: string;
  readonly input: ReplicationInput;
  /** The map decided earlier; kept as it is and only extended. */
  readonly map: readonly QueueRange[];
}

export interface Prepared {
  readonly map: readonly QueueRange[];
  /**
   * Where copying starts, by `queueKey` of the source queue, for those queues of which neither cluster holds a checkpoint or a
   * copy. A queue that is missing here goes on from its evidence.
   */
  readonly starts: Readonly<Record<string, number>>;
}

/** A source queue whose history changed is copied in another generation (R8), from a source offset that an operator accepted. */
export interface QueueHistory {
  readonly generation: number;
  readonly start: number;
}

export interface PumpInput {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
  readonly epoch: number;
  readonly shard: number;
  readonly queues: readonly QueueRange[];
  /** See `Prepared.starts`; only this shard's. */
  readonly starts: Readonly<Record<string, number>>;
  /** Source offset, by `queueKey`, below which an operator said that nothing is to be copied any more (`skipGap`). */
  readonly skips: Readonly<Record<string, number>>;
  /** Source queues whose history changed, by `queueKey`; see `QueueHistory`. */
  readonly histories: Readonly<Record<string, QueueHistory>>;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly onGap: 'block' | 'skip';
  /** This shard's part of the flow's limits. */
  readonly rateLimit: { readonly bytesPerSecond?: number; readonly messagesPerSecond?: number };
}

/** Heartbeat details of a pump, for `replicator status`. Offsets and counts only. */
export interface PumpProgress {
  readonly holder: number;
  readonly copied: number;
  readonly bytes: number;
  readonly blocked: number;
  readonly troubles: readonly string[];
}

/**
 * How a pump ended: asked to, or at the end of its stint (6 h, so that load is dealt out anew).
 * A pump that cannot go on throws.
 */
export interface PumpResult {
  readonly ended: 'cancelled' | 'stint';
  /** Growth since the last report. */
  readonly counters: Counters;
  /** See `PumpReport.repeats`. */
  readonly repeats?: readonly RepeatedCopies[];
  /** Next source offset by `queueKey`; left out for shards of more than 256 queues. */
  readonly next?: Readonly<Record<string, number>>;
}

/** Activities on the task queue `replicator`. */
export interface ControlActivities {
  /**
   * Checks clusters, topics and names, creates the missing destination topics and the flow's group, decides the queue map and
   * the start offsets. Idempotent.
   * @throws ApplicationFailure, not retryable, of type `WrongInput` for what an operator must correct
   */
  prepare(input: PrepareInput): Promise<Prepared>;
  /** Names of our search attributes that the worker's namespace accepts. A local activity. */
  usableSearchAttributes(): Promise<readonly string[]>;
}

/** Activities on the task queue `replicator-pump`. */
export interface PumpActivities {
  pump(input: PumpInput): Promise<PumpResult>;
}
