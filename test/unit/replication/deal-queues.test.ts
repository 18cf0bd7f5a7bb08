import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dealAdded } from '../../../src/replication/deal-queues.ts';
import {
  countQueues,
  mappedQueues,
  shardQueues,
  sourceKey,
  type QueueRange,
} from '../../../src/replication/queue-map.ts';

const range = (topic: string, queue: number, count: number): QueueRange => ({
  topic,
  from: { broker: 'a', queue },
  to: { broker: 'b', queue: queue + 10 },
  count,
});
const keys = (ranges: readonly QueueRange[]) => [...mappedQueues(ranges)].map(sourceKey);

const maps = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 6 }).chain((counts) => {
  const before = counts.map((count, i) => range(`t${i}`, 0, count));
  return fc.array(fc.tuple(fc.nat(8), fc.integer({ min: 1, max: 5 })), { maxLength: 5 }).map((more) => ({
    before,
    after: [...before, ...more.map(([topic, count], i) => range(`t${topic}`, 100 * (i + 1), count))],
  }));
});

test('R1: what is added is dealt out whole, and nothing else moves', () => {
  fc.assert(
    fc.property(maps, fc.integer({ min: 1, max: 8 }), ({ before, after }, shards) => {
      const parts = shardQueues(before, shards);
      const dealt = dealAdded(parts, after, shards);
      expect(dealt.flatMap(keys).sort()).toEqual(keys(after).sort());
      for (const [index, part] of parts.entries())
        expect(keys(dealt[index]!)).toEqual(expect.arrayContaining(keys(part)));
      expect(dealt.length).toBe(Math.min(shards, countQueues(after)));
      // what stays as it was is the same, so that its pump is not disturbed
      expect(dealAdded(dealt, after, shards)).toEqual(dealt);
    }),
  );
});

test('what is added goes where least is', () => {
  const parts = [[range('t', 0, 4)], [range('u', 0, 2)]];
  const dealt = dealAdded(parts, [...parts.flat(), range('v', 0, 4)], 2);
  expect(dealt.map(countQueues)).toEqual([5, 5]);
  expect(dealAdded(parts, [...parts.flat(), range('v', 0, 2)], 3).map(countQueues)).toEqual([4, 2, 2]);
});

test('the map says where queues lead, and which there are', () => {
  const parts = [[range('t', 0, 2)], [range('u', 0, 2)]];
  const led = { ...range('t', 0, 2), to: { broker: 'c', queue: 7 } };
  expect(dealAdded(parts, [led], 2)).toEqual([[led]]);
});
