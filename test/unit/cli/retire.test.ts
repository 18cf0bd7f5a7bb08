import { expect, test } from 'vitest';
import { cleanUpBetween } from '../../../src/cli/retire.ts';
import { readJournal, writeJournal } from '../../../src/journal/journal.ts';
import type { Cluster } from '../../../src/transport/types.ts';
import { FakeDestination } from '../../support/fake-destination.ts';

const CHOICE = { topics: ['pay-*'], exclude: ['pay-not'], groups: ['billing'] };
const FORWARD = 'REPLICATOR_payments_east_west';
const BACK = 'REPLICATOR_payments_west_east';

/** A cluster of one broker with these topics, and of which topics it was told to forget what groups committed. */
function clusterOf(name: string, topics: readonly string[]) {
  const broker = `${name}-a`;
  const stored = new FakeDestination();
  const forgotten: Record<string, readonly string[]> = {};
  const admin = {
    topicNames: () => Promise.resolve([...topics]),
    topic: (topic: string) =>
      Promise.resolve({ name: topic, brokers: [{ broker, readQueues: 1, writeQueues: 1, perm: 6 }] }),
    brokers: () => Promise.resolve([{ name: broker, master: 'somewhere' }]),
    deleteGroup: (group: string, of: readonly string[]) => {
      forgotten[group] = of;
      return Promise.resolve();
    },
  };
  return { cluster: { name, admin, openDestination: () => stored } as unknown as Cluster, forgotten };
}

test('behind a replication that does not run, positions are removed in every topic that it copied, as its journal says', async () => {
  const [east, west] = [clusterOf('east', ['pay-a', 'pay-new']), clusterOf('west', ['pay-a', 'pay-gone'])];
  const flow = { replication: 'payments', source: 'east', destination: 'west' };
  const map = ['pay-a', 'pay-gone', '%RETRY%billing'].map((topic) => ({
    ...{ topic, from: { broker: 'east-a', queue: 0 }, to: { broker: 'west-a', queue: 0 }, count: 1 },
  }));
  await writeJournal(west.cluster, { ...flow, epoch: 1, revision: 0, map, histories: {}, starts: {} });

  await cleanUpBetween('payments', CHOICE, east.cluster, west.cluster);
  for (const { forgotten } of [east, west]) expect(forgotten[FORWARD]).toEqual(['pay-a', 'pay-gone', '%RETRY%billing']);
  expect(await readJournal(west.cluster, flow)).toMatchObject({ map: [], revision: 1 });
});

test('where no journal knows of it, those that the file chooses', async () => {
  const names = ['pay-a', 'pay-not', 'orders', '%RETRY%billing', '%RETRY%others'];
  const [east, west] = [clusterOf('east', names), clusterOf('west', names.slice(0, 3))];
  await cleanUpBetween('payments', CHOICE, east.cluster, west.cluster);
  for (const { forgotten } of [east, west])
    expect(forgotten).toEqual({ [FORWARD]: ['%RETRY%billing', 'pay-a'], [BACK]: ['pay-a'] });
});
