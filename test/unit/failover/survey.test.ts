import { expect, test } from 'vitest';
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
