/**
 * Which source queue is copied to which destination queue (R1). Kept as ranges, so that thousands of queues stay small in
 * workflow state. Decided once, then only extended.
 */
export interface QueueRange {
  readonly topic: string;
  readonly from: { readonly broker: string; readonly queue: number };
  readonly to: { readonly broker: string; readonly queue: number };
  /** Queues `from.queue + i` -> `to.queue + i` for i < count. */
  readonly count: number;
  /** An operator chose the destination queue, which may be another source queue's as well. */
  readonly remapped?: true;
}

/** A source queue whose history changed is copied in another generation (R8), from a source offset that an operator accepted. */
export interface QueueHistory {
  readonly generation: number;
  /** Absent after the flow was retired: then it starts as a new one does. */
  readonly start?: number;
}

/** A queue of a topic, by broker and number. */
export interface QueuePlace {
  readonly broker: string;
  readonly queue: number;
}

/** One queue of a topic on one broker. */
export interface Queue {
  readonly topic: string;
  readonly broker: string;
  readonly id: number;
}

export interface MappedQueue {
  readonly topic: string;
  readonly from: QueuePlace;
  readonly to: QueuePlace;
  readonly remapped: boolean;
}

/** Stable text form of a queue, used as map key and in reports: `topic/broker/id`. */
export function queueKey(queue: Queue): string {
  return `${queue.topic}/${queue.broker}/${queue.id}`;
}

/** The source queue, by topic, broker and number. */
export function sourceQueue({ topic, from }: Pick<MappedQueue, 'topic' | 'from'>) {
  return { topic, broker: from.broker, id: from.queue };
}

/** The destination queue in the same form. */
export function targetQueue({ topic, to }: Pick<MappedQueue, 'topic' | 'to'>) {
  return { topic, broker: to.broker, id: to.queue };
}

/** `queueKey` of the source queue. */
export function sourceKey(queue: Pick<MappedQueue, 'topic' | 'from'>): string {
  return queueKey(sourceQueue(queue));
}

/**
 * Pairs the i-th source queue with the i-th destination queue; both lists are in the order in which clients list them
 * (broker name, then number), so that a sharding key picks the same queue on both sides.
 * @throws RangeError when the destination has fewer queues
 */
export function pairQueues(
  topic: string,
  source: readonly QueuePlace[],
  destination: readonly QueuePlace[],
): QueueRange[] {
  if (destination.length < source.length)
    throw new RangeError(
      `topic ${topic}: the destination has ${destination.length} queues, the source ${source.length}; widen the destination topic`,
    );
  const ranges: QueueRange[] = [];
  for (const [index, from] of source.entries()) {
    const to = destination[index]!;
    const last = ranges.at(-1);
    if (last && continues(last, from, to)) ranges[ranges.length - 1] = { ...last, count: last.count + 1 };
    else ranges.push({ topic, from, to, count: 1 });
  }
  return ranges;
}

function continues(range: QueueRange, from: QueuePlace, to: QueuePlace): boolean {
  return (
    !range.remapped &&
    range.from.broker === from.broker &&
    range.to.broker === to.broker &&
    range.from.queue + range.count === from.queue &&
    range.to.queue + range.count === to.queue
  );
}

/** The topics of a map, each once. */
export function topicsIn(ranges: readonly QueueRange[]): string[] {
  return [...new Set(ranges.map(({ topic }) => topic))];
}

/** A topic on one broker. */
export interface TopicPlace {
  readonly topic: string;
  readonly broker: string;
}

/** Where a map has its topics on the source. */
export function sourcesOf(map: readonly QueueRange[]): TopicPlace[] {
  return distinct(map.map(({ topic, from: { broker } }) => ({ topic, broker })));
}

/** Where a map has its topics on the destination. */
export function placesOf(map: readonly QueueRange[]): TopicPlace[] {
  return distinct(map.map(({ topic, to: { broker } }) => ({ topic, broker })));
}

function distinct(places: readonly TopicPlace[]): TopicPlace[] {
  return [...new Map(places.map((place) => [`${place.topic}/${place.broker}`, place])).values()];
}

export function countQueues(ranges: readonly QueueRange[]): number {
  return ranges.reduce((sum, range) => sum + range.count, 0);
}

export function* mappedQueues(ranges: readonly QueueRange[]): Generator<MappedQueue> {
  for (const { topic, from, to, count, remapped = false } of ranges)
    for (let i = 0; i < count; i++)
      yield {
        topic,
        from: { broker: from.broker, queue: from.queue + i },
        to: { broker: to.broker, queue: to.queue + i },
        remapped,
      };
}

/** Deals the queues out to `shards` parts of (nearly) equal size, in order; parts without queues are left out. */
export function shardQueues(ranges: readonly QueueRange[], shards: number): QueueRange[][] {
  const total = countQueues(ranges);
  const parts: QueueRange[][] = [];
  let rest = [...ranges];
  for (let shard = 0; shard < shards; shard++) {
    const size = Math.floor(((shard + 1) * total) / shards) - Math.floor((shard * total) / shards);
    if (size === 0) continue;
    const [part, remainder] = takeQueues(rest, size);
    parts.push(part);
    rest = remainder;
  }
  return parts;
}

function takeQueues(ranges: readonly QueueRange[], count: number): [QueueRange[], QueueRange[]] {
  const taken: QueueRange[] = [];
  let missing = count;
  for (const [index, range] of ranges.entries()) {
    if (range.count > missing) {
      if (missing > 0) taken.push({ ...range, count: missing });
      return [taken, [afterFirst(range, missing), ...ranges.slice(index + 1)]];
    }
    taken.push(range);
    missing -= range.count;
  }
  return [taken, []];
}

function afterFirst(range: QueueRange, count: number): QueueRange {
  return {
    ...range,
    from: { broker: range.from.broker, queue: range.from.queue + count },
    to: { broker: range.to.broker, queue: range.to.queue + count },
    count: range.count - count,
  };
}

/** The same map with one source queue copied elsewhere from now on. Unchanged where it does not hold the queue. */
export function remapQueue(
  ranges: readonly QueueRange[],
  topic: string,
  from: QueuePlace,
  to: QueuePlace,
): QueueRange[] {
  return ranges.flatMap((range) => {
    const index = from.queue - range.from.queue;
    if (range.topic !== topic || range.from.broker !== from.broker || index < 0 || index >= range.count) return [range];
    const [before, rest] = takeQueues([range], index);
    const behind = takeQueues(rest, 1)[1];
    return [...before, { topic, from, to, count: 1, remapped: true }, ...behind];
  });
}
