import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planTopic, type BrokerQueues, type TopicPlan } from '../../../../src/pump/prepare/topic-plan.ts';
import { mappedQueues, queueKey, remapQueue, sourceKey } from '../../../../src/replication/queue-map.ts';
import type { Topic } from '../../../../src/transport/types.ts';

function topic(brokers: readonly BrokerQueues[]): Topic {
  return { name: 't', brokers: brokers.map((entry) => ({ ...entry, perm: 6 })) };
}

function same(broker: string, queues: number): BrokerQueues {
  return { broker, readQueues: queues, writeQueues: queues };
}

const brokersOf = (names: string[], least: number) =>
  fc
    .uniqueArray(
      fc.record({
        broker: fc.constantFrom(...names),
        writeQueues: fc.integer({ min: least, max: 8 }),
        readOnly: fc.nat({ max: 2 }),
      }),
      { selector: ({ broker }) => broker, minLength: 1, maxLength: names.length },
    )
    .map((brokers) =>
      brokers
        .map(({ broker, writeQueues, readOnly }) => ({ broker, writeQueues, readQueues: writeQueues + readOnly }))
        .toSorted((a, b) => (a.broker < b.broker ? -1 : 1)),
    );

const EAST = ['east-a', 'east-b', 'east-c'];
const WEST = ['west-a', 'west-b', 'west-c', 'west-d'];
const source = brokersOf(EAST, 1);
const destination = fc.option(brokersOf(WEST, 0), { nil: undefined });
const brokers = fc.subarray(WEST, { minLength: 1 });

const targets = ({ map }: TopicPlan) =>
  [...mappedQueues(map)].map(({ to }) => queueKey({ topic: 't', broker: to.broker, id: to.queue }));
const writable = (entries: readonly BrokerQueues[]) => entries.reduce((sum, { writeQueues }) => sum + writeQueues, 0);
const all = (entries: readonly BrokerQueues[]) =>
  entries.reduce((sum, { writeQueues, readQueues }) => sum + Math.max(writeQueues, readQueues), 0);

describe('R1: the plan of a topic', () => {
  test('a missing topic becomes like the source', () => {
    const plan = planTopic(topic([same('east-a', 8), same('east-b', 4)]), undefined, ['west-a', 'west-b'], []);
    expect(plan.destination).toEqual([same('west-a', 8), same('west-b', 4)]);
    expect(plan.map).toHaveLength(2);
  });

  test('queues of one broker are dealt out to several, and keep their place in the list', () => {
    const plan = planTopic(topic([same('east-a', 5)]), undefined, ['west-a', 'west-b'], []);
    expect(plan.destination).toEqual([same('west-a', 3), same('west-b', 2)]);
    expect(targets(plan)).toEqual(['t/west-a/0', 't/west-a/1', 't/west-a/2', 't/west-b/0', 't/west-b/1']);
  });

  test('every queue goes to one of its own; the destination loses none and gets as many writable ones as the source', () => {
    fc.assert(
      fc.property(source, destination, brokers, (from, to, names) => {
        const plan = planTopic(topic(from), to && topic(to), names, []);
        expect(countOf(plan)).toBe(all(from));
        expect(new Set(targets(plan)).size).toBe(all(from));
        expect(writable(plan.destination)).toBeGreaterThanOrEqual(writable(from));
        if (!to) expect(writable(plan.destination)).toBe(writable(from));
        for (const before of to ?? []) {
          const after = plan.destination.find(({ broker }) => broker === before.broker)!;
          expect(after.writeQueues).toBeGreaterThanOrEqual(before.writeQueues);
          expect(after.readQueues).toBeGreaterThanOrEqual(before.readQueues);
        }
      }),
    );
  });

  test('a new topic: the i-th writable queue goes to the i-th writable queue, so that a sharding key picks the same one', () => {
    fc.assert(
      fc.property(source, brokers, (from, names) => {
        const plan = planTopic(topic(from), undefined, names, []);
        const listed = plan.destination.flatMap(({ broker, writeQueues }) =>
          Array.from({ length: writeQueues }, (_, id) => queueKey({ topic: 't', broker, id })),
        );
        const sources = from.flatMap(({ broker, writeQueues }) =>
          Array.from({ length: writeQueues }, (_, id) => queueKey({ topic: 't', broker, id })),
        );
        const map = new Map([...mappedQueues(plan.map)].map((queue, i) => [sourceKey(queue), targets(plan)[i]]));
        expect(sources.map((key) => map.get(key))).toEqual(listed);
      }),
    );
  });

  test('what is mapped stays; only what is new is added, however both sides grew or shrank', () => {
    fc.assert(
      fc.property(source, source, destination, brokers, (before, now, to, names) => {
        const first = planTopic(topic(before), to && topic(to), names, []);
        const second = planTopic(topic(now), topic(first.destination), names, first.map);
        const map = [...mappedQueues(second.map)];
        expect(map.slice(0, countOf(first))).toEqual([...mappedQueues(first.map)]);
        expect(new Set(targets(second)).size).toBe(map.length);
        const keys = new Set(map.map(sourceKey));
        for (const { broker, readQueues } of now)
          for (let id = 0; id < readQueues; id++) expect(keys).toContain(queueKey({ topic: 't', broker, id }));
        // again: nothing left to do
        expect(planTopic(topic(now), topic(second.destination), names, second.map)).toEqual(second);
      }),
    );
  });

  test('a mapped queue that the destination lost is not created again; what is new waits until it is remapped', () => {
    const { map } = planTopic(topic([same('east-a', 4)]), undefined, ['west-a'], []);
    const shrunk = topic([same('west-a', 3)]);
    expect(planTopic(topic([same('east-a', 4)]), shrunk, ['west-a'], map)).toEqual({
      topic: 't',
      destination: shrunk.brokers,
      map,
    });
    const grown = planTopic(topic([same('east-a', 6)]), shrunk, ['west-a'], map);
    expect(grown).toMatchObject({ destination: shrunk.brokers, map });
    expect(grown.waits).toBe(
      '2 new queues of topic t are not copied yet, because destination queues of it are gone (west-a/3): bring them back, or remap what was copied there',
    );
    expect(planTopic(topic([same('east-a', 4)]), undefined, ['west-a'], map)).toEqual({
      topic: 't',
      destination: [],
      map,
    });
    const remapped = remapQueue(map, 't', { broker: 'east-a', queue: 3 }, { broker: 'west-a', queue: 0 });
    const after = planTopic(topic([same('east-a', 6)]), shrunk, ['west-a'], remapped);
    expect(after.waits).toBeUndefined();
    expect(targets(after)).toEqual([
      't/west-a/0',
      't/west-a/1',
      't/west-a/2',
      't/west-a/0',
      't/west-a/3',
      't/west-a/4',
    ]);
  });
});

function countOf({ map }: TopicPlan): number {
  return [...mappedQueues(map)].length;
}
