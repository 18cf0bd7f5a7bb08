import { describe, expect, test } from 'vitest';
import { chooseTopics, idlePatterns } from '../../../../src/pump/prepare/choose-topics.ts';
import { inspectClusters, inspectTopics } from '../../../../src/pump/prepare/inspect.ts';
import { MOST_LEFT_OUT, topologyChanges } from '../../../../src/pump/prepare/topology-changes.ts';
import { replicationInput } from '../../../../src/replication/input.ts';
import type { QueueRange } from '../../../../src/replication/queue-map.ts';
import { WrongInput } from '../../../../src/replication/wrong-input.ts';
import type { Cluster, TopicOnBroker } from '../../../../src/transport/types.ts';

interface FakeTopic {
  /** Queues by broker. */
  readonly queues: Record<string, number>;
  readonly perm?: number;
  readonly attributes?: Record<string, string>;
}

/** A cluster's topics in memory: what a broker says about them is tested on real ones. */
function cluster(name: string, topics: Record<string, FakeTopic>): Cluster {
  const brokersOf = ({ queues, perm = 6 }: FakeTopic): TopicOnBroker[] =>
    Object.entries(queues).map(([broker, count]) => ({ broker, readQueues: count, writeQueues: count, perm }));
  const admin = {
    topicNames: () => Promise.resolve(Object.keys(topics)),
    topic: (topic: string) => Promise.resolve(topics[topic] && { name: topic, brokers: brokersOf(topics[topic]) }),
    topicConfig: (_broker: string, topic: string) =>
      Promise.resolve(
        topics[topic] && {
          readQueues: 1,
          writeQueues: 1,
          perm: 6,
          order: false,
          attributes: topics[topic].attributes ?? {},
        },
      ),
  };
  return { name, admin } as unknown as Cluster;
}

const COMPACTED = { queues: { a: 2 }, attributes: { 'cleanup.policy': 'COMPACTION' } };
const TOPICS = {
  orders: { queues: { a: 2 } },
  'pay-eu': { queues: { a: 2, b: 2 } },
  'pay-log': COMPACTED,
  'pay-secret': { queues: { a: 1 }, perm: 2 },
  'pay-test': { queues: { a: 1 } },
};
const INPUT = replicationInput.parse({
  source: 'east',
  destination: 'west',
  topics: ['orders', 'pay-*', 'later-*'],
  exclude: ['pay-test'],
});
const west = cluster('west', {});
const range = (topic: string, broker: string, count: number): QueueRange => ({
  topic,
  from: { broker, queue: 0 },
  to: { broker: 'w', queue: 0 },
  count,
});
const MAP = [range('orders', 'a', 2), range('pay-eu', 'a', 2), range('pay-eu', 'b', 2)];
const LEFT_OUT = ['pay-log', 'pay-secret'];
const NAMED = [{ name: 'orders', path: 'topics[0]' }];
const BEGINNING = { mode: 'one-way', isWayBack: false, copied: new Set<string>() } as const;

describe('topics are chosen', () => {
  test('by name and by pattern; what a pattern matches and cannot be copied is left out, with the reason', async () => {
    const east = cluster('east', TOPICS);
    const chosen = await chooseTopics(east, INPUT);
    expect(chosen).toEqual([
      { name: 'orders', path: 'topics[0]' },
      { name: 'pay-eu' },
      { name: 'pay-log' },
      { name: 'pay-secret' },
    ]);
    const { topics, leftOut } = await inspectTopics(east, west, chosen, BEGINNING);
    expect(topics.map(({ source }) => source.name)).toEqual(['orders', 'pay-eu']);
    expect(leftOut).toEqual([
      { topic: 'pay-log', reason: expect.stringContaining('is compacted') as string },
      { topic: 'pay-secret', reason: expect.stringContaining('cannot be read') as string },
    ]);
    expect(idlePatterns(east, INPUT, chosen)).toEqual([
      { topic: 'later-*', reason: 'no topic of east matches later-* so far' },
    ]);
  });

  test('R10: with groups their retry topics; one to which nobody can send is left out, one that is copied stays', async () => {
    const retries = ['%RETRY%g', '%RETRY%g_orders', '%RETRY%g+orders', '%RETRY%g_other', '%RETRY%h'];
    const topics = Object.fromEntries(retries.map((name) => [name, { queues: { a: 1 } }]));
    const east = cluster('east', { ...TOPICS, ...topics });
    const chosen = await chooseTopics(east, { topics: ['orders', '*x*'], exclude: [], groups: ['g'] });
    expect(chosen.map(({ name }) => name)).toEqual(['orders', '%RETRY%g', '%RETRY%g+orders', '%RETRY%g_orders']);
    const { topics: copied, leftOut } = await inspectTopics(east, west, chosen, BEGINNING);
    expect(copied.map(({ source }) => source.name)).toEqual(['orders', '%RETRY%g', '%RETRY%g_orders']);
    expect(leftOut).toEqual([
      { topic: '%RETRY%g+orders', reason: expect.stringContaining('does not travel') as string },
    ]);
    expect(idlePatterns(east, { topics: ['*g*'], exclude: [] }, chosen)).toHaveLength(1);
    const without = await chooseTopics(east, { topics: ['orders'], exclude: [] }, ['%RETRY%g']);
    expect(without.map(({ name }) => name)).toEqual(['orders', '%RETRY%g']);
  });

  test('a topic that is named must be there, one that a pattern matched may be gone', async () => {
    const chosen = await chooseTopics(cluster('east', {}), INPUT, ['orders', 'pay-eu']);
    const inspecting = inspectTopics(cluster('east', {}), west, chosen, BEGINNING);
    await expect(inspecting).rejects.toBeInstanceOf(WrongInput);
    await expect(inspecting).rejects.toThrow(/^topics\[0\]: topic orders does not exist on east/);
    const { leftOut } = await inspectTopics(cluster('east', {}), west, chosen.slice(1), BEGINNING);
    expect(leftOut).toEqual([{ topic: 'pay-eu', reason: expect.stringContaining('does not exist on east') as string }]);
  });

  test('a named topic that is gone later, or that only the way back lacks, does not keep the others from being copied', async () => {
    const chosen = [...NAMED, { name: 'pay-eu', path: 'topics[1]' }];
    const rest = cluster('east', { 'pay-eu': TOPICS['pay-eu'] });
    for (const more of [{ copied: new Set(['orders']) }, { isWayBack: true }]) {
      const { topics, leftOut } = await inspectTopics(rest, west, chosen, { ...BEGINNING, ...more });
      expect(topics.map(({ source }) => source.name)).toEqual(['pay-eu']);
      expect(leftOut).toEqual([
        { topic: 'orders', reason: expect.stringContaining('does not exist on east') as string },
      ]);
    }
  });

  test('a named topic that cannot be read is told, however long it was copied', async () => {
    const closed = cluster('east', { orders: { ...TOPICS.orders, perm: 2 } });
    const later = { ...BEGINNING, copied: new Set(['orders']) };
    await expect(inspectTopics(closed, west, NAMED, later)).rejects.toThrow('cannot be read');
  });
});

describe('name servers that have just started', () => {
  const showing = (...names: string[]): Cluster => {
    const east = cluster('east', {});
    Object.assign(east.admin, { brokers: () => Promise.resolve(names.map((name) => ({ name, master: `${name}:1` }))) });
    return east;
  };
  test('where they show no broker at all, no topic is looked for', async () => {
    await expect(inspectClusters(showing(), showing('w'))).rejects.not.toBeInstanceOf(WrongInput);
    await expect(inspectClusters(showing(), showing('w'))).rejects.toThrow('show no broker');
    expect(await inspectClusters(showing('a'), showing('w'))).toEqual(['w']);
  });
});

describe('topology changes', () => {
  const changes = (topics: Record<string, FakeTopic>, leftOut: readonly string[] = LEFT_OUT) =>
    topologyChanges(cluster('east', topics), { input: INPUT, map: MAP, leftOut });

  test('none while all is as the map says', async () => {
    expect(await changes(TOPICS)).toEqual([]);
    expect(await changes({ ...TOPICS, 'other-topic': { queues: { a: 9 } } })).toEqual([]);
    // what disappears is for the pumps to tell
    expect(await changes({})).toEqual([]);
  });

  test.each<[string, Record<string, FakeTopic>, string]>([
    ['a new queue', { ...TOPICS, orders: { queues: { a: 3 } } }, 'topic orders has 1 new queues'],
    ['a new broker', { ...TOPICS, orders: { queues: { a: 2, b: 2 } } }, 'topic orders has 2 new queues'],
    ['a new topic', { ...TOPICS, 'pay-us': { queues: { a: 4 } } }, 'topic pay-us is new, with 4 queues'],
    ['a topic that can be copied now', { ...TOPICS, 'pay-secret': { queues: { a: 1 } } }, 'topic pay-secret is new'],
    ['a new topic that cannot be copied', { ...TOPICS, 'pay-raw': COMPACTED }, 'topic pay-raw is left out: '],
  ])('%s', async (_what, topics, change) => {
    expect(await changes(topics)).toEqual([expect.stringContaining(change)]);
  });

  test('no end of topics that cannot be copied is no end of changes', async () => {
    const many = Array.from({ length: MOST_LEFT_OUT }, (_, i) => `pay-${i}`);
    expect(await changes({ ...TOPICS, 'pay-raw': COMPACTED }, [...LEFT_OUT, ...many])).toEqual([]);
  });
});
