import type { Topic } from '../../transport/types.ts';
import { pairQueues, sourceKey, mappedQueues, type QueuePlace, type QueueRange } from '../../replication/queue-map.ts';

/** How many queues a topic has on one broker. */
export interface BrokerQueues {
  readonly broker: string;
  readonly readQueues: number;
  readonly writeQueues: number;
}

/** What becomes of one topic: how many queues each destination broker has at the end, and which queue goes where. */
export interface TopicPlan {
  readonly topic: string;
  readonly destination: readonly BrokerQueues[];
  readonly map: readonly QueueRange[];
  /** Why queues that are new on the source are not taken up, where that is so: a sentence. */
  readonly waits?: string;
}

/**
 * Plans the destination's queues and the map (R1). Queues that are mapped stay where they are; the others are paired in the order in which clients
 * list them: writable queues by broker name and number, then those that can only be read. The destination gets as many writable queues as the
 * source has, so that a sharding key picks the same queue on both sides, and never loses any.
 *
 * A mapped queue that the destination lost is not created again: it would be filled again with all that the source still holds, which an operator
 * may have wanted to be rid of. Its pump blocks it until it is remapped or brought back, and nothing is added meanwhile.
 * @param brokers the destination's brokers that may hold the topic, sorted by name
 */
export function planTopic(
  source: Topic,
  existing: Topic | undefined,
  brokers: readonly string[],
  mapped: readonly QueueRange[],
): TopicPlan {
  const topic = source.name;
  const kept = mapped.filter((range) => range.topic === topic);
  const keptFrom = new Set([...mappedQueues(kept)].map(sourceKey));
  const keptTo = new Set([...mappedQueues(kept)].map(({ to }) => placeKey(to)));
  const added = queuePlaces(source.brokers).filter((from) => !keptFrom.has(sourceKey({ topic, from })));
  const there = new Set(queuePlaces(existing?.brokers ?? []).map(placeKey));
  const gone = [...keptTo].filter((place) => !there.has(place));
  if (gone.length > 0) return { topic, destination: existing?.brokers ?? [], map: kept, ...waits(topic, added, gone) };
  const destination = widen(source.brokers, existing?.brokers ?? [], brokers, keptTo.size + added.length);
  const free = queuePlaces(destination).filter((to) => !keptTo.has(placeKey(to)));
  return { topic, destination, map: [...kept, ...pairQueues(topic, added, free)] };
}

function waits(topic: string, added: readonly QueuePlace[], gone: readonly string[]): Pick<TopicPlan, 'waits'> {
  if (added.length === 0) return {};
  return {
    waits:
      `${added.length} new queues of topic ${topic} are not copied yet, because destination queues of it are gone (${gone.slice(0, 3).join(', ')}): ` +
      'bring them back, or remap what was copied there',
  };
}

/** As clients list queues (by broker name, then number), behind them those that can only be read. */
export function queuePlaces(brokers: readonly BrokerQueues[]): QueuePlace[] {
  const sorted = brokers.toSorted((a, b) => (a.broker < b.broker ? -1 : 1));
  return [
    ...sorted.flatMap(({ broker, writeQueues }) => numbered(broker, 0, writeQueues)),
    ...sorted.flatMap(({ broker, writeQueues, readQueues }) => numbered(broker, writeQueues, readQueues)),
  ];
}

function numbered(broker: string, from: number, until: number): QueuePlace[] {
  return Array.from({ length: Math.max(0, until - from) }, (_, i) => ({ broker, queue: from + i }));
}

/** The destination brokers' queues at the end: what they have, plus what is missing for the source's and for `least` in all. */
function widen(
  source: readonly BrokerQueues[],
  existing: readonly BrokerQueues[],
  brokers: readonly string[],
  least: number,
): BrokerQueues[] {
  const names = [...new Set([...existing.map(({ broker }) => broker), ...(existing.length > 0 ? [] : brokers)])].sort();
  const now = names.map((broker) => existing.find((entry) => entry.broker === broker));
  const writable = fill(
    now.map((entry) => entry?.writeQueues ?? 0),
    source.map(({ writeQueues }) => writeQueues),
  );
  const readOnly = fill(
    now.map((entry, i) => Math.max(0, (entry?.readQueues ?? 0) - writable[i]!)),
    source.map(({ writeQueues, readQueues }) => Math.max(0, readQueues - writeQueues)),
  );
  while (sum(writable) + sum(readOnly) < least) addToSmallest(writable);
  return names.map((broker, i) => ({
    broker,
    writeQueues: writable[i]!,
    readQueues: writable[i]! + readOnly[i]!,
  }));
}

/** Like the source's, broker by broker, where that takes nothing away; else evenly. */
function fill(now: readonly number[], wanted: readonly number[]): number[] {
  if (now.length === wanted.length && now.every((count, i) => count <= wanted[i]!)) return [...wanted];
  const filled = [...now];
  while (sum(filled) < sum(wanted)) addToSmallest(filled);
  return filled;
}

function addToSmallest(counts: number[]): void {
  counts[counts.indexOf(Math.min(...counts))]! += 1;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function placeKey({ broker, queue }: QueuePlace): string {
  return `${broker}/${queue}`;
}
