import { queueKey, type QueueRange } from './queue-map.ts';

/**
 * Deals the map out to at most `shards` parts. Queues stay in the part where they are; what is new goes to the smallest part, or opens
 * one that was missing. So what turns up while copying disturbs few.
 * @param parts as dealt before, of this map or of an earlier one
 */
export function dealAdded(
  parts: readonly (readonly QueueRange[])[],
  map: readonly QueueRange[],
  shards: number,
): QueueRange[][] {
  const places = new Map(parts.flatMap((part, index) => keysOf(part).map((key) => [key, index] as const)));
  const dealt = parts.map((): Part => ({ ranges: [], count: 0 }));
  const added: [QueueRange, number][] = [];
  for (const range of map)
    for (const [i, key] of keysOf([range]).entries()) {
      const place = places.get(key);
      if (place === undefined) added.push([range, i]);
      else put(dealt[place]!, range, i);
    }
  for (const [range, i] of added) {
    if (dealt.length < shards) dealt.push({ ranges: [], count: 0 });
    put(smallest(dealt), range, i);
  }
  return dealt.filter(({ count }) => count > 0).map(({ ranges }) => ranges.map(({ range }) => range));
}

interface Part {
  readonly ranges: { range: QueueRange; readonly of: QueueRange; readonly start: number }[];
  count: number;
}

/** Takes the i-th queue of a range of the map. */
function put(part: Part, of: QueueRange, i: number): void {
  part.count++;
  const last = part.ranges.at(-1);
  if (last?.of === of && last.start + last.range.count === i)
    last.range = { ...last.range, count: last.range.count + 1 };
  else
    part.ranges.push({
      range: { ...of, from: shifted(of.from, i), to: shifted(of.to, i), count: 1 },
      of,
      start: i,
    });
}

function shifted(place: QueueRange['from'], by: number): QueueRange['from'] {
  return { ...place, queue: place.queue + by };
}

function smallest(parts: readonly Part[]): Part {
  return parts.reduce((least, part) => (part.count < least.count ? part : least));
}

function keysOf(ranges: readonly QueueRange[]): string[] {
  return ranges.flatMap(({ topic, from, count }) =>
    Array.from({ length: count }, (_, i) => queueKey({ topic, broker: from.broker, id: from.queue + i })),
  );
}
