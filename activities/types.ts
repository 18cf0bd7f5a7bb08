import type { Counters, RedriveResult, RepeatedCopies } from '../src/replication/messages.ts';
import type { QueueRange } from '../src/replication/queue-map.ts';
import type { ReplicationInput } from '../src/replication/input.ts';

/** What the `prepare` activity needs: everything is checked before anything is created. */
export interface PrepareInput {
  readonly replication: string;
  readonly input: ReplicationInput;
  /** The map decided earlier; kept as it is and only extended. */
  readonly map: readonly QueueRange[];
  /**
   * Topics that are not in the map appeared while the replication was under way, so all of their messages are to be copied. Otherwise they
   * begin at the replication's `start`.
   */
  readonly discovering: boolean;
}

/** A topic that a pattern matches and that cannot be copied. */
export interface LeftOut {
  readonly topic: string;
  /** A sentence. */
  readonly reason: string;
}

export interface Prepared {
  readonly map: readonly QueueRange[];
  /**
   * Where copying starts, by `queueKey` of the source queue, for those queues that are new in the map and of which neither cluster holds a
   * checkpoint or a copy. A queue that is missing here goes on from its evidence.
   */
  readonly starts: Readonly<Record<string, number>>;
  /** The first ones, because they ride in workflow state; absent where there are none. */
  readonly leftOut?: readonly LeftOut[];
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
  /** How many pumps the flow has; 1 if absent. */
  readonly shards?: number;
  readonly queues: readonly QueueRange[];
  /** See `Prepared.starts`; only this shard's. */
  readonly starts: Readonly<Record<string, number>>;
  /** Source offset, by `queueKey`, below which an operator said that nothing is to be copied any more (`skipGap`). */
  readonly skips: Readonly<Record<string, number>>;
  /** Source queues whose history changed, by `queueKey`; see `QueueHistory`. */
  readonly histories: Readonly<Record<string, QueueHistory>>;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly onGap: 'block' | 'skip';
  readonly onPoison: 'block' | 'quarantine';
  /** This shard's part of the flow's limits. */
  readonly rateLimit: { readonly bytesPerSecond?: number; readonly messagesPerSecond?: number };
  /** Identity of the worker that has too many pumps: it leaves this one to others, if there are any. */
  readonly notOn?: string;
}

/** What the `redrive` activity needs. */
export interface RedriveInput {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
  /** The queues of the topic to be redriven. */
  readonly queues: readonly QueueRange[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

/** Heartbeat details of a pump, and of a redrive, for `replicator status`. Offsets and counts only. */
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

/** What a replication watches while it runs. */
export interface WatchInput {
  readonly input: ReplicationInput;
  readonly map: readonly QueueRange[];
  /** Topics that are known to be left out. */
  readonly leftOut: readonly string[];
  /** Activities of pumps that were moved lately, and until when they stay where they are. ms since 1970. */
  readonly settled: Readonly<Record<string, number>>;
}

/** What has to be done; nothing where the watch ended by itself, after some hours. */
export interface Watched {
  /** What is new on the source, a sentence each: `prepare` has something to add. */
  readonly changes: readonly string[];
  /** Pumps of workers that have more than their part, to be restarted elsewhere. */
  readonly surplus: readonly SurplusPump[];
}

export interface SurplusPump {
  readonly activityId: string;
  /** Identity of the worker. */
  readonly worker: string;
}

/** What a replication that is not to be started again leaves behind. */
export interface RetireInput {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
  /** Of which queues were copied. */
  readonly topics: readonly string[];
}

/** Activities on the task queue `replicator`. */
export interface ControlActivities {
  /**
   * Checks clusters, topics and names, creates the missing destination topics and the flow's group, decides the queue map and
   * the start offsets. Idempotent.
   * @throws ApplicationFailure, not retryable, of type `WrongInput` for what an operator must correct
   */
  prepare(input: PrepareInput): Promise<Prepared>;
  /** Looks at the source's topics and at the pumps' workers every 15 s, and resolves when something has to be done. */
  watchTopology(input: WatchInput): Promise<Watched>;
  /** Removes the flow's consumer group from both clusters. Idempotent. */
  retire(input: RetireInput): Promise<void>;
  /**
   * Copies the messages of a topic that are in quarantine, each once. No pump of the topic's shards is at work meanwhile. Idempotent:
   * a further attempt goes on where the one before it ended.
   */
  redrive(input: RedriveInput): Promise<RedriveResult>;
  /** Names of our search attributes that the worker's namespace accepts. A local activity. */
  usableSearchAttributes(): Promise<readonly string[]>;
}

/** Activities on the task queue `replicator-pump`. */
export interface PumpActivities {
  pump(input: PumpInput): Promise<PumpResult>;
}
