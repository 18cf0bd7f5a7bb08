import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import { queueKey, type Cluster } from '../../../src/transport/types.ts';
import { deleteTopic } from '../../support/delete-topic.ts';
import { eventually } from '../../support/eventually.ts';
import type { TestMessage } from '../../support/messages.ts';
import { readCommitLog } from '../../support/oracle/commit-log.ts';
import { produce } from '../../support/producer.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { useClusters } from '../../support/clusters.ts';
import { startBroker, useStack, type PrivateCluster, type TestCluster } from '../../support/servers.ts';

const COPIED = 40;
const LIMIT_MS = 180_000;
const SIZE = { perm: 6, order: false, attributes: {} };

const stack = useStack();
const { east, west } = useClusters(stack);

// Mostly waiting, each on a topic of its own.
describe.concurrent('R8: a topic that was deleted and created again', () => {
  it.each([
    ['with fewer messages than were copied', 10],
    ['with more messages than were copied', 100],
  ])(
    '%s blocks; once accepted all its messages are copied',
    async (_, fresh) => {
      const { rig, send } = await copiedTopic();
      await rig.stop();
      await recreate(rig);
      await send('new', fresh);
      rig.start();
      const blocked = await eventually(60_000, () => rig.report?.blocked[0]);
      expect(blocked).toMatchObject({ kind: 'history', queue: 0, at: COPIED, to: 0 });
      expect(blocked.reason).toContain('accept-history goes on at source offset 0');
      expect(await rig.copied()).toBe(COPIED);
      await accept(rig, 0);
      await rig.reaches(COPIED + fresh, 60_000);
      await rig.stop();
      expect(await bodies(stack.west, rig)).toEqual([...row('old', COPIED), ...row('new', fresh)]);
    },
    LIMIT_MS,
  );

  it(
    'while the pump waits for messages',
    async () => {
      const { rig, send } = await copiedTopic();
      await recreate(rig);
      await send('new', COPIED + 7);
      const blocked = await eventually(60_000, () => rig.report?.blocked[0]);
      expect(blocked).toMatchObject({ kind: 'history', queue: 0, at: COPIED, to: 0 });
      await rig.stop();
      expect(await bodies(stack.west, rig)).toEqual(row('old', COPIED));
    },
    LIMIT_MS,
  );

  it(
    'copies of a generation that nobody remembers block; once accepted copying goes on behind them',
    async () => {
      const { rig, send } = await copiedTopic();
      await rig.stop();
      await recreate(rig);
      await send('new', 5);
      await accept(rig, 0);
      await rig.reaches(COPIED + 5, 60_000);
      await rig.stop();
      await send('more', 5);
      rig.start();
      const blocked = await eventually(60_000, () => rig.report?.blocked[0]);
      expect(blocked).toMatchObject({ kind: 'history', queue: 0, at: 5, to: 5, generation: 1 });
      expect(blocked.reason).toContain('accept-history goes on at source offset 5');
      expect(await rig.copied()).toBe(COPIED + 5);
      await accept(rig, 5, 2);
      await rig.reaches(COPIED + 10, 60_000);
      await rig.stop();
      expect(await bodies(stack.west, rig)).toEqual([...row('old', COPIED), ...row('new', 5), ...row('more', 5)]);
    },
    LIMIT_MS,
  );
});

it(
  'R8: a destination that lost copies blocks as soon as something stands behind the hole, for whichever pump comes next, until it is said from where to copy again',
  async () => {
    const { rig, send } = await copiedTopic();
    const { topic } = rig.queues[0]!;
    await deleteTopic(stack.west, topic);
    await west.admin.putTopic(stack.west.brokerName, topic, { ...SIZE, readQueues: 1, writeQueues: 1 });
    await send('new', 1);
    const found = await eventually(60_000, () => rig.report?.blocked[0]);
    expect(found).toMatchObject({ kind: 'history', at: COPIED });
    expect(found.reason).toContain(`had ${COPIED} messages and stored the next batch at offset 0: it has lost copies`);
    await rig.stop();
    rig.report = undefined;
    rig.start();
    const again = await eventually(60_000, () => rig.report?.blocked[0]);
    expect(again).toMatchObject({ kind: 'history', at: COPIED });
    expect(again.reason).toContain(`holds a copy of source offset ${COPIED} behind a hole: it has lost copies`);
    expect(await rig.copied()).toBe(1);
    await accept(rig, 0);
    await rig.reaches(1 + COPIED + 1, 60_000);
    await rig.stop();
    const all = [...row('old', COPIED), ...row('new', 1)];
    // the broker's files still hold what was deleted
    expect(await bodies(stack.west, rig)).toEqual([...all, ...all]);
  },
  LIMIT_MS,
);

describe('R8: a source that comes back with a shorter tail', () => {
  let old: PrivateCluster;
  let source: Cluster;

  beforeAll(async () => {
    old = await startBroker({ name: 'old' });
    source = openRemotingCluster({ name: 'old', nameServers: old.nameServers });
  }, LIMIT_MS);

  afterAll(async () => {
    source.close();
    await old.remove();
  });

  it(
    'blocks until accepted, then goes on at the first message that differs',
    async () => {
      const rig = await rigOf(source, old);
      const send = sender(source, rig);
      await send('old', COPIED);
      const store = join(old.broker.folder, 'store');
      await old.broker.kill();
      await cp(store, `${store}.saved`, { recursive: true });
      await old.broker.start();
      await send('lost', 20);
      rig.start();
      await rig.reaches(COPIED + 20, 60_000);
      await rig.stop();
      await old.broker.kill();
      await rm(store, { recursive: true });
      await cp(`${store}.saved`, store, { recursive: true });
      await old.broker.start();

      rig.start();
      const short = await eventually(60_000, () => rig.report?.blocked[0]);
      expect(short).toMatchObject({ kind: 'history', at: COPIED + 20, to: COPIED });
      await rig.stop();
      await send('new', 30);
      rig.start();
      const filled = await eventually(60_000, () =>
        rig.report?.blocked.find(({ reason }) => reason.includes('not the one')),
      );
      expect(filled).toMatchObject({ kind: 'history', at: COPIED + 20, to: COPIED });
      await accept(rig, COPIED);
      await rig.reaches(COPIED + 20 + 30, 60_000);
      await rig.stop();
      expect(await bodies(stack.west, rig)).toEqual([...row('old', COPIED), ...row('lost', 20), ...row('new', 30)]);
    },
    LIMIT_MS,
  );
});

it(
  'R1: a destination queue that is gone blocks its source queue; sent elsewhere it goes on with the next message',
  async () => {
    const rig = await rigOf(east, stack.east, 2);
    const [first, second] = rig.queues;
    const writer = east.openDestination();
    await produce({ writer, queues: [second!], messages: messages('old', COPIED) });
    rig.start();
    await rig.reaches(COPIED, 60_000);
    const { topic } = first!;
    await west.admin.putTopic(stack.west.brokerName, topic, { ...SIZE, readQueues: 1, writeQueues: 1 });
    await produce({ writer, queues: [second!], messages: messages('new', 5) });
    const blocked = await eventually(60_000, () => rig.report?.blocked[0]);
    expect(blocked).toMatchObject({ kind: 'queue-gone', queue: 1, at: COPIED });
    expect(blocked.reason).toContain('choose another queue with remap');
    await rig.stop();
    // a pump that has not seen the copies finds none any more
    rig.report = undefined;
    rig.start();
    expect(await eventually(60_000, () => rig.report?.blocked[0])).toMatchObject({ kind: 'queue-gone', at: COPIED });
    await rig.stop();
    const from = { broker: stack.east.brokerName, queue: 1 };
    const to = { broker: stack.west.brokerName, queue: 0 };
    const start = { generation: 1, start: COPIED };
    const remapped = { topic, from, to, count: 1, remapped: true } as const;
    rig.start({ queues: [remapped], histories: { [queueKey(second!)]: start } });
    await eventually(60_000, async () => (await bodies(stack.west, rig)).length === 5);
    await produce({ writer, queues: [second!], messages: messages('more', 5) });
    await eventually(60_000, async () => (await bodies(stack.west, rig)).length === 10);
    await rig.stop();
    writer.close();
    expect(await bodies(stack.west, rig)).toEqual([...row('new', 5), ...row('more', 5)]);
  },
  LIMIT_MS,
);

/** A topic of one queue whose messages are all copied, by a pump that still runs. */
async function copiedTopic() {
  const rig = await rigOf(east, stack.east);
  const send = sender(east, rig);
  await send('old', COPIED);
  rig.start();
  await rig.reaches(COPIED, 60_000);
  return { rig, send };
}

let topics = 0;

async function rigOf(source: Cluster, cluster: TestCluster, queues = 1): Promise<PumpRig> {
  const rig = new PumpRig({
    source,
    destination: west,
    topic: `history-${process.pid}-${topics++}`,
    fromBroker: cluster.brokerName,
    toBroker: stack.west.brokerName,
    queues,
  });
  await rig.prepare();
  return rig;
}

function sender(source: Cluster, rig: PumpRig) {
  return async (name: string, count: number): Promise<void> => {
    const writer = source.openDestination();
    await produce({ writer, queues: rig.queues, messages: messages(name, count) });
    writer.close();
  };
}

async function recreate(rig: PumpRig): Promise<void> {
  await deleteTopic(stack.east, rig.queues[0]!.topic);
  await rig.prepare();
}

/** What accept-history does: a new generation, from an offset that is committed first. */
async function accept(rig: PumpRig, start: number, generation = 1): Promise<void> {
  await rig.stop();
  await rig.source.admin.commit(rig.group, rig.queues[0]!, start);
  rig.start({ histories: { [queueKey(rig.queues[0]!)]: { generation, start } } });
}

/** Bodies in queue 0 of the rig's topic, in queue order. */
async function bodies({ broker }: TestCluster, rig: PumpRig): Promise<string[]> {
  const found: string[] = [];
  await readCommitLog(join(broker.folder, 'store'), rig.queues[0]!.topic, ({ queue, body }) => {
    if (queue === 0) found.push(body.toString());
  });
  return found;
}

function row(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

function messages(name: string, count: number): TestMessage[] {
  return row(name, count).map((text) => ({
    flag: 0,
    sysFlag: 0,
    body: Buffer.from(text),
    properties: [['UNIQ_KEY', `${text}-${Date.now()}`]],
  }));
}
