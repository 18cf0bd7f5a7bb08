import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countQueues,
  mappedQueues,
  remapQueue,
  pairQueues,
  queueKey,
  shardQueues,
  sourceKey,
  type QueuePlace,
  type QueueRange,
} from '../../../src/replication/queue-map.ts';

/** Queues of some brokers, as clients list them. */
const places = fc
  .uniqueArray(fc.record({ broker: fc.constantFrom('a', 'b', 'c', 'd'), queues: fc.integer({ min: 0, max: 9 }) }), {
    selector: ({ broker }) => broker,
    maxLength: 4,
  })
  .map((brokers): QueuePlace[] =>
    brokers
      .toSorted((a, b) => (a.broker < b.broker ? -1 : 1))
      .flatMap(({ broker, queues }) => Array.from({ length: queues }, (_, queue) => ({ broker, queue }))),
  );

const map = fc
  .tuple(places, places)
  .filter(([source, destination]) => source.length <= destination.length)
  .map(([source, destination]) => ({ source, destination, ranges: pairQueues('t', source, destination) }));

describe('R1: the queue map', () => {
  test('pairs the queues by their place in the lists', () => {
    fc.assert(
      fc.property(map, ({ source, destination, ranges }) => {
        expect([...mappedQueues(ranges)]).toEqual(
          source.map((from, index) => ({ topic: 't', from, to: destination[index], remapped: false })),
        );
        expect(countQueues(ranges)).toBe(source.length);
      }),
    );
  });

  test('R1: one queue goes elsewhere, the others stay where they are', () => {
    fc.assert(
      fc.property(map, fc.nat(100), ({ source, ranges }, choice) => {
        fc.pre(source.length > 0);
        const moved = source[choice % source.length]!;
        const elsewhere = { broker: 'elsewhere', queue: 77 };
        expect([...mappedQueues(remapQueue(ranges, 't', moved, elsewhere))]).toEqual(
          [...mappedQueues(ranges)].map((queue) =>
            queue.from === moved || (queue.from.broker === moved.broker && queue.from.queue === moved.queue)
              ? { ...queue, to: elsewhere, remapped: true }
              : queue,
          ),
        );
        expect(remapQueue(ranges, 'other', moved, elsewhere)).toEqual(ranges);
      }),
    );
  });

  test('one range holds as many queues as go on side by side', () => {
    const many = (broker: string) => Array.from({ length: 1000 }, (_, queue) => ({ broker, queue }));
    expect(pairQueues('t', many('a'), many('b'))).toEqual([
      { topic: 't', from: { broker: 'a', queue: 0 }, to: { broker: 'b', queue: 0 }, count: 1000 },
    ]);
  });

  test('refuses a destination with fewer queues', () => {
    expect(() => pairQueues('t', [{ broker: 'a', queue: 0 }], [])).toThrow('topic t: the destination has 0 queues');
  });

  test('shards hold every queue once, in order, and differ by one queue at most', () => {
    fc.assert(
      fc.property(map, fc.integer({ min: 1, max: 40 }), ({ ranges }, shards) => {
        const parts = shardQueues(ranges, shards);
        expect(parts.flatMap((part) => [...mappedQueues(part)])).toEqual([...mappedQueues(ranges)]);
        const sizes = parts.map(countQueues);
        expect(sizes).toHaveLength(Math.min(shards, countQueues(ranges)));
        expect(Math.max(0, ...sizes) - Math.min(...sizes, Math.max(0, ...sizes))).toBeLessThanOrEqual(1);
      }),
    );
  });
});

test('keys name topic, broker and number', () => {
  expect(queueKey({ topic: 't', broker: 'a', id: 3 })).toBe('t/a/3');
  const range: QueueRange = { topic: 't', from: { broker: 'a', queue: 3 }, to: { broker: 'b', queue: 5 }, count: 1 };
  expect([...mappedQueues([range])].map(sourceKey)).toEqual(['t/a/3']);
});
