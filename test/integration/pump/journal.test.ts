import { expect, test } from 'vitest';
import { assertJournaled } from '../../../src/journal/assert-journaled.ts';
import { readJournal, writeJournal } from '../../../src/journal/journal.ts';
import { recall } from '../../../src/journal/recall.ts';
import { supersede } from '../../../src/journal/supersede.ts';
import { Outdated } from '../../../src/pump/problems.ts';
import type { FlowKnowledge } from '../../../src/replication/flow-knowledge.ts';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import { useClusters } from '../../support/clusters.ts';
import { mixedMessages } from '../../support/messages.ts';
import { produce } from '../../support/producer.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { useStack } from '../../support/servers.ts';

const stack = useStack();
const { east, west } = useClusters(stack);
const run = Date.now().toString(36);

function knowledge(name: string, epoch: number, revision: number): FlowKnowledge {
  return {
    replication: `${name}-${run}`,
    source: 'east',
    destination: 'west',
    epoch,
    revision,
    map: [{ topic: 'orders', from: { broker: 'a', queue: 0 }, to: { broker: 'b', queue: 0 }, count: 4 }],
    histories: { 'orders/a/1': { generation: epoch, start: revision } },
    starts: { 'orders/a/0': 5 },
  };
}

test('R12: what was journaled last is found, among the entries of other flows', async () => {
  const mine = knowledge('mine', 1, 2);
  expect(await readJournal(west, mine)).toBeUndefined();
  await writeJournal(west, knowledge('mine', 1, 1));
  await writeJournal(west, mine);
  for (let revision = 0; revision < 80; revision++) await writeJournal(west, knowledge('other', 9, revision));
  expect(await readJournal(west, mine)).toEqual(mine);
  expect(await readJournal(west, knowledge('nobody', 0, 0))).toBeUndefined();
}, 120_000);

test('R12: a workflow that knows less is given what was journaled, in a new epoch; one that knows more keeps it', async () => {
  const journaled = knowledge('reset', 3, 4);
  await writeJournal(east, knowledge('reset', 3, 2));
  await writeJournal(west, journaled);
  const rolledBack = { ...knowledge('reset', 3, 1), histories: {} };
  expect((await recall(east, west, rolledBack)).known).toEqual({ ...journaled, epoch: 4, revision: 0 });
  // the destination's journal is gone: the source's is enough
  expect((await recall(west, east, rolledBack)).known).toEqual({ ...journaled, epoch: 4, revision: 0 });
  const ahead = knowledge('reset', 3, 5);
  expect((await recall(east, west, ahead)).known).toEqual(ahead);
  expect((await recall(east, west, journaled)).known).toEqual(journaled);
}, 120_000);

test('R12: where a way back is to begin counts above what was given up or retired before; generations stay', async () => {
  const retired = { ...knowledge('back', 3, 4), map: [], starts: {} };
  await writeJournal(west, retired);
  const noted = { ...knowledge('back', 1, 0), map: [], histories: {} };
  for (const revision of [5, 6]) {
    await supersede(west, noted);
    expect(await readJournal(west, noted)).toEqual({ ...retired, starts: noted.starts, revision });
  }
}, 120_000);

test('R12: a pump that was told less than is journaled ends before it takes locks', async () => {
  await writeJournal(west, knowledge('pump', 2, 1));
  await assertJournaled(east, west, knowledge('pump', 2, 1));
  await assertJournaled(east, west, knowledge('pump', 2, 2));
  await assertJournaled(east, west, knowledge('unheard', 1, 0));
  await expect(assertJournaled(east, west, knowledge('pump', 2, 0))).rejects.toThrow(Outdated);
  await expect(assertJournaled(east, west, knowledge('pump', 1, 9))).rejects.toThrow(
    'epoch 2, revision 1 is journaled',
  );
  // while the destination's journal cannot be read the source's counts
  await writeJournal(east, knowledge('pump', 2, 2));
  const away = openRemotingCluster({ name: 'away', nameServers: ['127.0.0.1:9'] });
  await expect(assertJournaled(east, away, knowledge('pump', 2, 1))).rejects.toThrow(Outdated);
  await assertJournaled(east, away, knowledge('pump', 2, 2));
  away.close();
}, 120_000);

test('R12: a pump that learns while it works that more is journaled tells what it copied, and ends', async () => {
  const rig = new PumpRig({
    ...{ source: east, destination: west, topic: `outdated-${run}`, queues: 1 },
    ...{ fromBroker: stack.east.brokerName, toBroker: stack.west.brokerName },
  });
  await rig.prepare();
  const [source, destination] = [east.openDestination(), west.openDestination()];
  await produce({
    ...{ writer: source, queues: rig.queues },
    messages: mixedMessages({ count: 50, seed: 1, meanBytes: 100, large: 0, largestBytes: 0 }),
  });
  rig.start();
  await rig.reaches(50, 60_000);
  expect(rig.report).toBeUndefined();
  rig.assertCurrent = () => Promise.reject(new Outdated('revision 2 is journaled'));
  // somebody else has its locks
  await destination.unlock(stack.west.brokerName, rig.group, `${rig.name}/0`, rig.queues);
  await destination.lock(stack.west.brokerName, rig.group, 'another', rig.queues);
  await expect(rig.ended()).rejects.toThrow('revision 2 is journaled');
  expect(rig.report).toMatchObject({ counters: { copied: 50 } });
  for (const end of [source, destination]) end.close();
}, 120_000);
