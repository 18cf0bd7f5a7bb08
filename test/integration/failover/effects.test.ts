import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fenceBrokers, readAcceptsFrom, setAcceptsFrom, takesSends } from '../../../src/failover/broker-fence.ts';
import { takeCut } from '../../../src/failover/cut.ts';
import { putSwitches, readSwitches } from '../../../src/failover/group-fence.ts';
import { answeringBrokers } from '../../../src/failover/survey.ts';
import { putPerms, readPerms } from '../../../src/failover/topic-perms.ts';
import { topicsOn } from '../../../src/failover/topics-on.ts';
import { closed, switched } from '../../../src/replication/failover/settings.ts';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import type { Cluster, Destination } from '../../../src/transport/types.ts';
import { BROKER_VERSIONS, useCluster } from '../../support/broker-versions.ts';
import { deleteTopic } from '../../support/delete-topic.ts';
import { eventually } from '../../support/eventually.ts';
import { encodeBatch } from '../../support/messages.ts';

describe.each(BROKER_VERSIONS)('effects of a failover, on %s', (version) => {
  const cluster = useCluster(version);
  const topic = `failover-effects-${Date.now()}`;
  const group = `failover-effects-group-${Date.now()}`;
  let opened: Cluster;
  let writer: Destination;
  let broker: string;
  beforeAll(async () => {
    const { name, nameServers, brokerName } = cluster();
    broker = brokerName;
    opened = openRemotingCluster({ name, nameServers });
    writer = opened.openDestination();
    await opened.admin.putTopic(broker, topic, {
      ...{ readQueues: 2, writeQueues: 2, perm: 6, order: false, attributes: {} },
    });
    await opened.admin.createGroup(group);
    await eventually(30_000, async () => (await opened.admin.topic(topic)) !== undefined);
  });
  afterAll(() => {
    writer.close();
    opened.close();
  });
  const send = (id = 0) => {
    const message = { flag: 0, sysFlag: 0, body: Buffer.from('x'), properties: [['KEYS', 'k'] as const] };
    const parts = [encodeBatch([message])];
    const batch = { sysFlag: 0, bornTimestamp: 1, parts, bytes: parts[0]!.length, messages: 1 };
    return writer.send({ topic, broker, id }, batch, 5_000);
  };

  test('a fenced broker refuses every send at once, is renewed, and lifts by itself when nobody does', async () => {
    const { admin } = opened;
    const before = await readAcceptsFrom(admin, broker);
    expect(await takesSends(admin, before)).toBe(true);
    try {
      const [fence] = await fenceBrokers(admin, [broker]);
      expect(fence).toMatchObject({ broker });
      expect(await takesSends(admin, fence!)).toBe(false);
      await expect(send()).rejects.toMatchObject({ code: 1 });
      const [renewed] = await fenceBrokers(admin, [broker]);
      expect(renewed!.from).toBeGreaterThanOrEqual(fence!.from);
      await setAcceptsFrom(admin, { broker, from: ((await admin.brokerTime(broker)) ?? Date.now()) + 2_000 });
      await expect(send()).rejects.toMatchObject({ code: 1 });
      await eventually(10_000, send);
    } finally {
      await setAcceptsFrom(admin, before);
    }
    await send();
    expect(await readAcceptsFrom(admin, broker)).toEqual(before);
  });

  test('a read-only topic shows in the route, takes sends all the same, and is put back with everything else of it', async () => {
    const { admin } = opened;
    const config = await admin.topicConfig(broker, topic);
    const before = await readPerms(admin, [topic]);
    expect(before).toEqual([{ topic, broker, perm: 6 }]);
    expect(await putPerms(admin, closed(before))).toHaveLength(1);
    expect(await putPerms(admin, closed(before))).toHaveLength(0);
    await eventually(10_000, async () => (await admin.topic(topic))?.brokers[0]?.perm === 4);
    await send();
    await putPerms(admin, before);
    expect(await admin.topicConfig(broker, topic)).toEqual(config);
  });

  test('a fenced group keeps its other settings, and its commits count', async () => {
    const { admin } = opened;
    const config = { ...(await admin.groupConfig(broker, group))!, retryMaxTimes: 3 };
    await admin.putGroup(broker, config);
    const before = await readSwitches(admin, [group]);
    expect(before).toEqual([{ group, broker, consumeEnable: true }]);
    await putSwitches(admin, switched(before, false));
    expect(await admin.groupConfig(broker, group)).toMatchObject({ ...config, consumeEnable: false });
    const queue = { topic, broker, id: 1 };
    await admin.commit(group, queue, 1);
    expect(await admin.committed(group, queue)).toBe(1);
    await putSwitches(admin, before);
    expect(await admin.groupConfig(broker, group)).toMatchObject(config);
    await expect(putSwitches(admin, [{ group: 'nobody', broker, consumeEnable: true }])).rejects.toThrow('nobody');
  });

  test('a topic is gone when no broker has it, whatever the name servers know; without it the cluster is not lost', async () => {
    const { admin } = opened;
    const another = `${topic}-deleted`;
    await admin.putTopic(broker, another, { readQueues: 1, writeQueues: 1, perm: 6, order: false, attributes: {} });
    const known = [{ topic: another, broker }];
    await eventually(30_000, async () => (await admin.topic(another)) !== undefined);
    const both = [topic, another];
    expect(await topicsOn(admin, both, known)).toEqual({ present: both, gone: [] });
    await deleteTopic(cluster(), another);
    expect(await topicsOn(admin, both, known)).toEqual({ present: [topic], gone: [another] });
    await expect(topicsOn(admin, both, [{ topic: another, broker: 'away' }])).rejects.toThrow('away');
    expect(await answeringBrokers(opened, both, [broker])).toEqual({ some: [broker], away: [] });
    expect(await answeringBrokers(opened, [another], [])).toMatchObject({ some: [], away: [expect.any(String)] });
  });

  test('the cut holds every message that was acknowledged, at once', async () => {
    for (let round = 0; round < 5; round++) {
      const offsets = await Promise.all([send(0), send(1)]);
      const ends = offsets.map((offset) => offset + 1);
      expect(await takeCut(opened, [topic])).toEqual([{ topic, broker, ends }]);
    }
  });
});
