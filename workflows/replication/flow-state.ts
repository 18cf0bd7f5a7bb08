import type { GroupsReport } from '../../src/replication/group-progress.ts';
import { addCounters, NO_COUNTERS, type BlockedQueue, type Counters } from '../../src/replication/messages.ts';
import type { LeftOut } from '../../src/replication/preparation.ts';
import {
  mappedQueues,
  queueKey,
  shardQueues,
  sourceKey,
  type QueueHistory,
  type QueueRange,
} from '../../src/replication/queue-map.ts';
import type { CountedRun } from './repeats.ts';

/** What a replication knows of one flow. What is in `SHORT_LIVED` is not carried over when the workflow continues as new. */
export interface FlowState {
  readonly source: string;
  readonly destination: string;
  /** See `FlowKnowledge`. */
  epoch: number;
  revision: number;
  /** Clusters, topics and start offsets are checked and in place; copying can begin. */
  prepared: boolean;
  /** It was prepared before: what turns up on the source from then on appeared while it was under way. */
  begun: boolean;
  map: readonly QueueRange[];
  /** See `Prepared.starts`. */
  starts: Readonly<Record<string, number>>;
  /** See `Prepared.leftOut`. */
  leftOut: readonly LeftOut[];
  /** See `PumpInput.skips`. */
  skips: Record<string, number>;
  /** See `PumpInput.histories`. */
  histories: Record<string, QueueHistory>;
  /** What was counted as repeated, by `queueKey`. */
  repeats: Record<string, readonly CountedRun[]>;
  shards: Shard[];
  counters: Counters;
  /** What keeps `prepare` or the watch from succeeding. */
  troubles: readonly string[];
  /** What keeps the journal from being renewed. */
  journalTroubles?: readonly string[];
  /** `pumpId` of the sync of groups at work; absent while none is. */
  sync?: string;
  /** What it told last. */
  groups?: GroupsReport;
  /** What keeps groups from following. */
  groupTroubles?: readonly string[];
}

/** What is told anew, or made of the rest. */
export const SHORT_LIVED = ['shards', 'troubles', 'journalTroubles', 'sync', 'groups', 'groupTroubles'] as const;

export interface Shard {
  queues: readonly QueueRange[];
  /** `pumpId` of the pump at work; absent while none is. */
  pump?: string;
  blocked: readonly BlockedQueue[];
  troubles: readonly string[];
  /** Next source offset by `queueKey`, as far as the pumps told. */
  next: Record<string, number>;
  lastReport?: string;
  /** When its pump was last moved to another worker. ms since 1970 */
  movedAt?: number;
}

export function newFlow(source: string, destination: string): FlowState {
  return {
    source,
    destination,
    epoch: 1,
    revision: 0,
    prepared: false,
    begun: false,
    map: [],
    starts: {},
    leftOut: [],
    skips: {},
    histories: {},
    repeats: {},
    shards: [],
    counters: NO_COUNTERS,
    troubles: [],
  };
}

/** Deals the map out to shards anew. */
export function layShards(
  flow: FlowState,
  parallelism: number,
  blocked: readonly BlockedQueue[] = blockedQueues(flow),
): void {
  flow.shards = shardsOf(flow, shardQueues(flow.map, parallelism), blocked);
}

/**
 * The shards of these parts. One whose queues stay together as they are stays the same; in a new one queues that are blocked stay so, and
 * stand where they stood, until their pump says otherwise.
 */
export function shardsOf(
  flow: FlowState,
  parts: readonly (readonly QueueRange[])[],
  blocked: readonly BlockedQueue[] = blockedQueues(flow),
): Shard[] {
  const next = new Map(flow.shards.flatMap((shard) => Object.entries(shard.next)));
  const reports = flow.shards.flatMap(({ lastReport }) => lastReport ?? []).sort();
  return parts.map((queues) => {
    const same = flow.shards.find((shard) => sameQueues(shard.queues, queues));
    if (same) return same;
    const keys = [...mappedQueues(queues)].map(sourceKey);
    const own = new Set(keys);
    return {
      queues,
      blocked: blocked.filter((queue) => own.has(blockedKey(queue))),
      troubles: [],
      next: Object.fromEntries(keys.flatMap((key) => (next.has(key) ? [[key, next.get(key)!]] : []))),
      ...(reports[0] !== undefined && { lastReport: reports[0] }),
    };
  });
}

export function sameQueues(a: readonly QueueRange[], b: readonly QueueRange[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Puts it last: where not all of a flow can be carried over, what was put in first stays behind. */
export function putLast<T>(byQueue: Record<string, T>, key: string, value: T): void {
  Reflect.deleteProperty(byQueue, key);
  byQueue[key] = value;
}

/**
 * A queue that stands at source offset `from` goes on at `to`; what lies between counts. An earlier skip that leads beyond `from` was counted as well, and
 * this one takes its place: one beyond the end of the queue never came about, and is corrected by a lower one.
 */
export function passOver(flow: FlowState, key: string, from: number, to: number): void {
  const counted = flow.skips[key] ?? 0;
  flow.counters = addCounters(flow.counters, { gapSkipped: to - Math.max(from, counted) });
  putLast(flow.skips, key, to);
}

export function blockedQueues({ shards }: Pick<FlowState, 'shards'>): BlockedQueue[] {
  return shards.flatMap(({ blocked }) => blocked);
}

export function blockedKey({ topic, broker, queue }: BlockedQueue): string {
  return queueKey({ topic, broker, id: queue });
}
