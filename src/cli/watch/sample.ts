import type { BlockedQueue } from '../../replication/messages.ts';
import type { QueueLag } from '../../pump/flow-lag.ts';

/** How one flow is doing at one moment. */
export interface FlowSample {
  readonly name: string;
  readonly source?: string;
  readonly destination?: string;
  /** As `replicator status` has it; UNKNOWN while Temporal does not say. */
  readonly health: string;
  /** Messages copied in a second since the refresh before; absent at the first. */
  readonly rate?: number;
  /** Messages still to copy; absent while the source does not say. */
  readonly lag?: number;
  /** For how long the oldest known of them has been on the source, by its broker's clock and ours. ms */
  readonly oldestMs?: number;
  readonly blocked: number;
  /** What is wrong and mends itself, such as a cluster that cannot be reached. */
  readonly troubles: readonly string[];
  /** Blocked ones first, then by lag. */
  readonly queues: readonly QueueSample[];
}

export interface QueueSample extends QueueLag {
  /** `waiting`: there is something to copy, and nothing was copied since the refresh before. */
  readonly state: 'blocked' | 'copying' | 'waiting' | 'caught up';
  /** Why it is blocked. */
  readonly reason?: string;
  readonly rate?: number;
  readonly oldestMs?: number;
}

/** Offsets of a flow's queues as read at one time. */
export interface Offsets {
  /** By `performance.now()`. ms */
  readonly at: number;
  readonly queues: readonly QueueLag[];
  /** When the message at a queue's next offset was stored, by `lagKey`, as far as that was asked. ms since 1970 */
  readonly storedAt: ReadonlyMap<string, number>;
}

export function lagKey({ topic, broker, queue }: Pick<QueueLag, 'topic' | 'broker' | 'queue'>): string {
  return `${topic}/${broker}/${queue}`;
}

/** The first offset that is still to copy. */
export function position({ max, lag }: QueueLag): number {
  return max - lag;
}

/** @param now ms since 1970 */
export function queueSamples(
  { at, queues, storedAt }: Offsets,
  before: Offsets | undefined,
  blocked: readonly BlockedQueue[],
  now: number,
): QueueSample[] {
  const reasons = new Map(blocked.map((queue) => [lagKey(queue), `${queue.kind}: ${queue.reason}`]));
  const earlier = new Map(before?.queues.map((queue) => [lagKey(queue), position(queue)]));
  const seconds = before ? (at - before.at) / 1000 : 0;
  const samples = queues.map((queue): QueueSample => {
    const key = lagKey(queue);
    const last = earlier.get(key);
    const rate = last === undefined || seconds <= 0 ? undefined : Math.max(0, position(queue) - last) / seconds;
    const stored = queue.lag > 0 ? storedAt.get(key) : undefined;
    const reason = reasons.get(key);
    return {
      ...queue,
      state: reason !== undefined ? 'blocked' : queue.lag === 0 ? 'caught up' : rate ? 'copying' : 'waiting',
      ...(reason === undefined ? {} : { reason }),
      ...(rate === undefined ? {} : { rate }),
      ...(stored === undefined ? {} : { oldestMs: Math.max(0, now - stored) }),
    };
  });
  return samples.sort((a, b) => Number(b.state === 'blocked') - Number(a.state === 'blocked') || b.lag - a.lag);
}

/** Rate, lag and age over all queues. */
export function summed(queues: readonly QueueSample[]): Pick<FlowSample, 'rate' | 'lag' | 'oldestMs'> {
  const rates = queues.flatMap(({ rate }) => rate ?? []);
  const ages = queues.flatMap(({ oldestMs }) => oldestMs ?? []);
  return {
    ...(rates.length === 0 ? {} : { rate: sum(rates) }),
    lag: sum(queues.map(({ lag }) => lag)),
    ...(ages.length === 0 ? {} : { oldestMs: ages.reduce((a, b) => Math.max(a, b)) }),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
