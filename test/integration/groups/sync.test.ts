import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GroupLook } from '../../../src/groups/group-look.ts';
import type { GroupSync } from '../../../src/groups/group-sync.ts';
import { MayNotWrite } from '../../../src/groups/move-group.ts';
import { withGroupSync } from '../../../src/groups/open-sync.ts';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import type { SyncGroupsInput } from '../../../src/replication/group-progress.ts';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import type { Cluster, Queue, TopicConfig } from '../../../src/transport/types.ts';
import { BROKER_VERSIONS, useCluster } from '../../support/broker-versions.ts';
import { eventually } from '../../support/eventually.ts';
import { mixedMessages } from '../../support/messages.ts';
import { goOnline } from '../../support/online-consumer.ts';
import { produce } from '../../support/producer.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { useStack } from '../../support/servers.ts';

const QUEUES = 2;
const MESSAGES = 400;
/** Of the destination alone, before the first copy: so no offset is the same on both sides. */
const LOCAL = 7;
const RETRY_TOPIC: TopicConfig = { readQueues: 1, writeQueues: 1, perm: 6, order: false, attributes: {} };

const stack = useStack();

describe.each(BROKER_VERSIONS)('progress of groups, from %s', (version) => {
  const from = useCluster(version);
  let source: Cluster;
  let destination: Cluster;
  let rig: PumpRig;
  let groups = 0;

  beforeAll(async () => {
    source = openRemotingCluster(from());
    destination = openRemotingCluster(stack.west);
    rig = new PumpRig({
      ...{ source, destination, topic: `groups-${Date.now()}-${version.replaceAll('.', '')}`, queues: QUEUES },
      ...{ fromBroker: from().brokerName, toBroker: stack.west.brokerName },
    });
    await rig.prepare();
    await fill(destination, rig.copies, LOCAL * QUEUES);
    await fill(source, rig.queues, MESSAGES * QUEUES);
    rig.start();
    await rig.reaches((MESSAGES + LOCAL) * QUEUES, 60_000);
  }, 300_000);
  afterAll(async () => {
    await rig.stop();
    source.close();
    destination.close();
  });

  /** A group of its own on the source, at these offsets. */
  async function group(...offsets: (number | undefined)[]): Promise<string> {
    const name = `sync-${rig.name}-${groups++}`;
    await source.admin.createGroup(name);
    await stand(source, name, rig.queues, offsets);
    return name;
  }
  async function stand(cluster: Cluster, name: string, queues: readonly Queue[], offsets: (number | undefined)[]) {
    for (const [index, offset] of offsets.entries())
      if (offset !== undefined) await cluster.admin.commit(name, queues[index]!, offset);
  }
  const atDestination = (name: string) =>
    Promise.all(rig.copies.map((queue) => destination.admin.committed(name, queue)));
  function withSync<T>(
    choice: Partial<SyncGroupsInput>,
    work: (sync: GroupSync) => Promise<T>,
    assertCurrent = (): void => undefined,
  ): Promise<T> {
    const place = { broker: stack.west.brokerName, queue: 0 };
    const queues = [
      { topic: rig.queues[0]!.topic, from: { broker: from().brokerName, queue: 0 }, to: place, count: QUEUES },
    ];
    const flow = { replication: rig.name, source: source.name, destination: destination.name, queues, histories: {} };
    const budget = new ByteBudget(16 * 1024 * 1024);
    const options = { source, destination, budget, assertCurrent };
    return withGroupSync({ ...flow, groups: [], resetOnline: [], ...choice }, options, work);
  }
  async function round(name: string, choice: Partial<SyncGroupsInput> = {}): Promise<GroupLook> {
    const looks = await withSync({ groups: [name], ...choice }, (sync) => sync.round());
    expect(looks.map((look) => look.group)).toEqual([name]);
    return looks[0]!;
  }

  test('R10: offsets are translated, on a group that is created as it is on the source, but disabled', async () => {
    const name = await group(100, MESSAGES);
    const { brokerName } = from();
    const settings = (await source.admin.groupConfig(brokerName, name))!;
    await source.admin.putGroup(brokerName, { ...settings, retryMaxTimes: 5 });
    expect(await round(name)).toMatchObject({ slots: [{ destination: 107 }, { destination: MESSAGES + LOCAL }] });
    expect(await atDestination(name)).toEqual([107, MESSAGES + LOCAL]);
    expect(await destination.admin.groupConfig(stack.west.brokerName, name)).toMatchObject({
      consumeEnable: false,
      retryMaxTimes: 5,
    });
  });

  test('R10: offsets follow, and only go forward', async () => {
    const name = await group(10, 20);
    await withSync({ groups: [name] }, async (sync) => {
      await sync.round();
      await stand(source, name, rig.queues, [50, 60]);
      expect((await sync.round())[0]!.problem).toBeUndefined();
      expect(await atDestination(name)).toEqual([57, 67]);
      const { requests } = sync;
      await sync.round();
      // nothing has moved: the offsets of both sides are all that is read
      expect(sync.requests - requests).toBe(2);
      await stand(source, name, rig.queues, [5, 61]);
      const [look] = await sync.round();
      expect(look!.problem).toContain('offsets only go forward');
      expect(await atDestination(name)).toEqual([57, 68]);
    });
  });

  test('a sync that may not write any more says so, and nothing of the group that it was about to move', async () => {
    const name = await group(10, 20);
    const round = withSync(
      { groups: [name] },
      (sync) => sync.round(),
      () => {
        throw new MayNotWrite('replaced');
      },
    );
    await expect(round).rejects.toThrow('replaced');
    expect(await atDestination(name)).toEqual([undefined, undefined]);
  });

  test('a destination that lost what was written gets it again', async () => {
    const name = await group(10, 20);
    await withSync({ groups: [name] }, async (sync) => {
      await sync.round();
      await stand(destination, name, rig.copies, [1, 2]);
      await sync.round();
      expect(await atDestination(name)).toEqual([17, 27]);
    });
  });

  test('a queue for which the group has no offset gets the place of its earliest copy', async () => {
    const name = await group(30, undefined);
    const { slots } = await round(name);
    expect(slots.map(({ rows }) => rows[0]!.source)).toEqual([30, undefined]);
    const [first, second] = await atDestination(name);
    expect(first).toBe(37);
    expect(second).toBeLessThanOrEqual(LOCAL);
  });

  test('a group that never committed has no place, unless its consumers subscribe', async () => {
    const name = await group();
    expect((await round(name)).problem).toContain('has committed nothing yet');
    expect(await atDestination(name)).toEqual([undefined, undefined]);
    const { topic } = rig.queues[0]!;
    const consumer = await goOnline({ broker: from().broker.address, group: name, topics: [topic] });
    const { slots, problem } = await round(name);
    consumer.close();
    expect(problem).toBeUndefined();
    expect(slots).toHaveLength(QUEUES);
    for (const offset of await atDestination(name)) expect(offset).toBeLessThanOrEqual(LOCAL);
  });

  test('a group that is disabled on the source is told, and in step all the same', async () => {
    const name = await group(10, 20);
    expect((await round(name)).isDisabled).toBe(false);
    const config = (await source.admin.groupConfig(from().brokerName, name))!;
    await source.admin.putGroup(from().brokerName, { ...config, consumeEnable: false });
    const { isDisabled, problem } = await round(name);
    expect({ isDisabled, problem }).toEqual({ isDisabled: true, problem: undefined });
    expect(await atDestination(name)).toEqual([17, 27]);
  });

  test('a group that the source does not know is told', async () => {
    expect((await round('nobody-knows')).problem).toContain('knows no such group');
  });

  test('broadcasting groups are refused', async () => {
    const name = await group(10, 10);
    const { topic } = rig.queues[0]!;
    const broker = from().broker.address;
    const consumer = await goOnline({ broker, group: name, topics: [topic], messageModel: 'BROADCASTING' });
    const { problem } = await round(name);
    consumer.close();
    expect(problem).toContain('broadcasting');
    expect(await destination.admin.groupConfigs(stack.west.brokerName)).not.toContain(name);
  });

  test('a group that is online at the destination is never moved, unless it is reset', async () => {
    const name = await group(40, 50);
    await destination.admin.createGroup(name);
    const { topic } = rig.queues[0]!;
    const consumer = await goOnline({ broker: stack.west.broker.address, group: name, topics: [topic] });
    expect((await round(name)).problem).toContain('consumers online at the destination (test@consumer)');
    expect(await atDestination(name)).toEqual([undefined, undefined]);
    // a group that is there already stays enabled
    const { consumeEnable } = (await destination.admin.groupConfig(stack.west.brokerName, name))!;
    expect(consumeEnable).toBe(true);
    expect((await round(name, { resetOnline: ['sync-*'] })).problem).toBeUndefined();
    expect(await atDestination(name)).toEqual([47, 57]);
    consumer.close();
    // the broker keeps what was reset until somebody pulls, whatever is written
    await stand(source, name, rig.queues, [41, 50]);
    const gone = () => destination.admin.consumers(stack.west.brokerName, name);
    await eventually(10_000, async () => (await gone()).length === 0);
    expect((await round(name)).problem).toContain('offset 48 was written, 47 is read back');
  });

  test("our own groups and RocketMQ's are never matched", async () => {
    await group(1, 1);
    const names = (await withSync({ groups: ['*'] }, (sync) => sync.look())).map((look) => look.group);
    expect(names.some((name) => name.startsWith('sync-'))).toBe(true);
    expect(names.filter((name) => /^(REPLICATOR_|CID_RMQ_SYS_|TOOLS_CONSUMER)/.test(name))).toEqual([]);
  });

  test('R10: the last word says where copying has not come as far as the group', async () => {
    const done = await group(MESSAGES, MESSAGES);
    const far = await group(MESSAGES, MESSAGES + 5);
    const looks = await withSync({ groups: [done, far] }, (sync) => sync.lastRound());
    const problems = new Map(looks.map(({ group: name, problem }) => [name, problem]));
    expect(problems.get(done)).toBeUndefined();
    expect(problems.get(far)).toContain('copying has not come as far as the group in queue 1');
    const end = MESSAGES + LOCAL;
    for (const name of [done, far]) expect(await atDestination(name)).toEqual([end, end]);
  });

  test('R10: a group that has consumed a retry topic which is not copied yet is not in step', async () => {
    const name = await group(10, 20);
    const retries = { topic: `%RETRY%${name}`, broker: from().brokerName, id: 0 };
    await source.admin.putTopic(retries.broker, retries.topic, RETRY_TOPIC);
    await source.admin.commit(name, retries, 0);
    expect((await round(name)).problem).toBeUndefined();
    await source.admin.commit(name, retries, 3);
    const look = await round(name);
    expect(look.problem).toContain(`it has consumed messages of ${retries.topic}, which is not copied yet`);
    expect(look).toMatchObject({ slots: [{ destination: 17 }, { destination: 27 }] });
  });

  test('a look writes nothing', async () => {
    const name = await group(10, 20);
    const [look] = await withSync({ groups: [name] }, (sync) => sync.look());
    expect(look!.slots.map(({ translated }) => translated)).toEqual([17, 27]);
    expect(await destination.admin.groupConfigs(stack.west.brokerName)).not.toContain(name);
  });
});

async function fill(cluster: Cluster, queues: readonly Queue[], count: number): Promise<void> {
  const writer = cluster.openDestination();
  const messages = mixedMessages({ count, seed: 7, meanBytes: 100, large: 0, largestBytes: 0 });
  try {
    await produce({ writer, queues, messages });
  } finally {
    writer.close();
  }
}
