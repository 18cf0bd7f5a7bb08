/** What a pump is told, and what it tells by its heartbeats and in the end; for its reports see `PumpReport`. */

import type { Counters, RepeatedCopies } from './messages.ts';
import type { QueueHistory, QueueRange } from './queue-map.ts';

export interface PumpInput {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
  readonly epoch: number;
  /** See `FlowKnowledge`. */
  readonly revision: number;
  readonly shard: number;
  /** How many pumps the flow has; 1 if absent. */
  readonly shards?: number;
  readonly queues: readonly QueueRange[];
  /** See `Prepared.starts`; only this shard's. */
  readonly starts: Readonly<Record<string, number>>;
  /** Source offset, by `queueKey`, below which an operator said that nothing is to be copied any more (`skipGap`). */
  readonly skips: Readonly<Record<string, number>>;
  /** Source queues whose history changed, by `queueKey`; see `QueueHistory`. */
  readonly histories?: Readonly<Record<string, QueueHistory>>;
  /** `queueKey` of the source queues that an earlier pump told to be blocked: it is told when they are not any more. */
  readonly blocked?: readonly string[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly onGap: 'block' | 'skip';
  readonly onPoison: 'block' | 'quarantine';
  /** This shard's part of the flow's limits. */
  readonly rateLimit: { readonly bytesPerSecond?: number; readonly messagesPerSecond?: number };
  /** Identity of the worker that has too many pumps: it leaves this one to others, if there are any. */
  readonly notOn?: string;
}

/** Heartbeat details of a pump, and of a redrive, for `replicator status`. Offsets and counts only. */
export interface PumpProgress {
  readonly holder: number;
  readonly copied: number;
  readonly bytes: number;
  readonly blocked: number;
  /** `queueKey` of the first ones, absent where there are none: a later attempt tells when they are not any more. */
  readonly blockedQueues?: readonly string[];
  readonly troubles: readonly string[];
  /** Said last: its locks are given back, and nothing that it sent can still arrive. */
  readonly atRest?: true;
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
