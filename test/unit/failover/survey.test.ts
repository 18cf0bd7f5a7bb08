import { expect, test, vi } from 'vitest';
import { answeringBrokers } from '../../../src/failover/survey.ts';
import type { Cluster, Topic } from '../../../src/transport/types.ts';

/** A cluster whose name servers know these brokers of every topic, and of which some answer. */
function clusterOf(inRoutes: readonly string[], answering: readonly string[]): Cluster {
  const topic = (name: string): Promise<Topic | undefined> => {
    const brokers = inRoutes.map((broker) => ({ broker, readQueues: 1, writeQueues: 1, perm: 6 }));
    return Promise.resolve(brokers.length === 0 ? undefined : { name, brokers });
  };
  const brokerVersion = (broker: string) =>
    answering.includes(broker) ? Promise.resolve('V5_5_0') : Promise.reject(new Error(`${broker} is away`));
  return { name: 'east', admin: { topic, brokerVersion } } as unknown as Cluster;
}

test.each([
  ['all answer', ['a', 'b'], ['a', 'b'], ['a', 'b'], { some: ['a', 'b'], away: [] }],
  ['one is away, and still in the routes', ['a', 'b'], ['a'], ['a', 'b'], { some: ['a'], away: ['b'] }],
  ['one is away, and not in the routes any more', ['a'], ['a'], ['a', 'b', 'b'], { some: ['a'], away: ['b'] }],
  ['one joined that nothing was copied from yet', ['a', 'b'], ['a'], ['a'], { some: ['a'], away: ['b'] }],
  ['the topic has no route any more', [], [], ['a', 'b', 'b'], { some: [], away: ['a', 'b'] }],
  ['nothing is known of it', [], [], [], { some: [], away: ['every broker of these topics'] }],
])('which brokers of a source answer: %s', async (_, inRoutes, answering, known, found) => {
  expect(await answeringBrokers(clusterOf(inRoutes, answering), ['orders'], known)).toEqual(found);
});

test('a broker that is silent keeps nothing from being told of the others, also where the name servers are slow', async () => {
  vi.useFakeTimers();
  try {
    const { name, admin } = clusterOf(['a', 'b'], ['a']);
    const later = <T>(ms: number, answer: Promise<T>) =>
      new Promise((resolve) => setTimeout(resolve, ms)).then(() => answer);
    const slow = { topic: (topic: string) => later(6_000, admin.topic(topic)) };
    const silent = {
      brokerVersion: (broker: string) =>
        broker === 'b' ? new Promise(() => undefined) : later(5_000, admin.brokerVersion(broker)),
    };
    const found = answeringBrokers(
      { name, admin: { ...slow, ...silent } } as unknown as Cluster,
      ['orders', 'audit'],
      ['a', 'b'],
    );
    // an activity of a failover ends after a minute
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await found).toEqual({ some: ['a'], away: ['b'] });
  } finally {
    vi.useRealTimers();
  }
});
