import { expect, test, vi } from 'vitest';
import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import { renewJournal } from '../../../activities/journal.ts';
import { readJournal, writeJournal } from '../../../src/journal/journal.ts';
import type { FlowKnowledge } from '../../../src/replication/flow-knowledge.ts';
import { TransportError } from '../../../src/transport/errors.ts';
import type { Cluster, Destination, Topic } from '../../../src/transport/types.ts';
import { FakeDestination } from '../../support/fake-destination.ts';

const KNOWN: FlowKnowledge = {
  ...{ replication: 'orders', source: 'east', destination: 'west', epoch: 2, revision: 3 },
  ...{ map: [], histories: {}, starts: { 'orders/east-a/0': 7 }, primary: 'west' },
};

/** A cluster of one broker that has a journal. @param answer what becomes of each question to its name servers */
function fakeCluster(name: string, answer: () => Promise<void> = () => Promise.resolve()): Cluster {
  const destination = new FakeDestination() as unknown as Destination;
  const broker = `${name}-a`;
  const topic = (topicName: string): Topic => ({
    name: topicName,
    brokers: [{ broker, readQueues: 1, writeQueues: 1, perm: 6 }],
  });
  const admin = {
    topic: async (topicName: string) => (await answer(), topic(topicName)),
    brokers: async () => (await answer(), [{ name: broker, master: `${name}:10911` }]),
  };
  return { name, admin, openDestination: () => destination } as unknown as Cluster;
}

function dependencies(...clusters: Cluster[]): ActivityDependencies {
  const openCluster = (name: string) => clusters.find((cluster) => cluster.name === name)!;
  return { openCluster } as ActivityDependencies;
}

const refused = (answered: boolean) => () =>
  Promise.reject(
    new TransportError('no', { address: 'east:9876', retryable: !answered, refusedForGood: false, answered }),
  );

async function entriesOf(cluster: Cluster): Promise<number> {
  const queue = { topic: 'REPLICATOR_STATE', broker: `${cluster.name}-a`, id: 0 };
  return (await cluster.openDestination().range(queue)).max;
}

test('R12: while a cluster is lost the other one’s journal is renewed, and it is told', async () => {
  const [east, west] = [fakeCluster('east', refused(false)), fakeCluster('west')];
  await writeJournal(west, KNOWN);
  const renewed = await renewJournal(dependencies(east, west), KNOWN);
  expect(renewed).toEqual(['the journal on east is not renewed: no']);
  expect(await entriesOf(west)).toBe(2);
  expect(await readJournal(west, KNOWN)).toEqual(KNOWN);
  // the other way round, as of the way back
  const back = { ...KNOWN, source: 'west', destination: 'east' };
  expect(await renewJournal(dependencies(east, west), back)).toEqual(['the journal on east is not renewed: no']);
  expect(await readJournal(west, back)).toEqual(back);
});

test('R12: a source that refuses us its journal goes without', async () => {
  const [east, west] = [fakeCluster('east', refused(true)), fakeCluster('west')];
  expect(await renewJournal(dependencies(east, west), KNOWN)).toEqual([]);
  expect(await readJournal(west, KNOWN)).toEqual(KNOWN);
});

test('R12: a cluster that never answers is given up before the activity is', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  try {
    const never = () => new Promise<void>(() => undefined);
    const renewing = renewJournal(dependencies(fakeCluster('east', never), fakeCluster('west', never)), KNOWN);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await renewing).toEqual([
      'the journal on east is not renewed: no answer within 15 s',
      'the journal on west is not renewed: no answer within 15 s',
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test('R12: what is journaled is renewed, not what a workflow knows that knows less', async () => {
  const [east, west] = [fakeCluster('east'), fakeCluster('west')];
  await writeJournal(east, KNOWN);
  await writeJournal(west, { ...KNOWN, revision: 4 });
  expect(await renewJournal(dependencies(east, west), { ...KNOWN, starts: {} })).toEqual([]);
  expect([await entriesOf(east), await entriesOf(west)]).toEqual([2, 2]);
  expect(await readJournal(east, KNOWN)).toEqual(KNOWN);
  expect(await readJournal(west, KNOWN)).toEqual({ ...KNOWN, revision: 4 });
  await renewJournal(dependencies(east, west), { ...KNOWN, revision: 5 });
  expect(await readJournal(east, KNOWN)).toEqual({ ...KNOWN, revision: 5 });
});
