import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type RequestKind } from '../../../src/remoting/call.ts';
import { Connection } from '../../../src/remoting/network/connection.ts';
import { parseAddress } from '../../../src/remoting/network/open-link.ts';
import { MessageCursor } from '../../../src/remoting/protocol/stored-message.ts';
import { getAllConsumerOffsets } from '../../../src/remoting/requests/get-all-consumer-offset.ts';
import { getAllSubscriptionGroups } from '../../../src/remoting/requests/get-all-subscription-group-config.ts';
import { getAllTopicConfig } from '../../../src/remoting/requests/get-all-topic-config.ts';
import { getBrokerClusterInfo } from '../../../src/remoting/requests/get-broker-cluster-info.ts';
import { getBrokerConfig } from '../../../src/remoting/requests/get-broker-config.ts';
import { getBrokerRuntimeInfo } from '../../../src/remoting/requests/get-broker-runtime-info.ts';
import { getConsumerRunningInfo } from '../../../src/remoting/requests/get-consumer-running-info.ts';
import { getConsumerConnections } from '../../../src/remoting/requests/get-consumer-connection-list.ts';
import { getConsumerList } from '../../../src/remoting/requests/get-consumer-list-by-group.ts';
import { getMaxOffset } from '../../../src/remoting/requests/get-max-offset.ts';
import { getMinOffset } from '../../../src/remoting/requests/get-min-offset.ts';
import { getRouteInfo } from '../../../src/remoting/requests/get-route-info.ts';
import { getSubscriptionGroup } from '../../../src/remoting/requests/get-subscription-group-config.ts';
import { getSystemTopics } from '../../../src/remoting/requests/get-system-topic-list-from-broker.ts';
import { getTopicConfig } from '../../../src/remoting/requests/get-topic-config.ts';
import { resetConsumerOffset } from '../../../src/remoting/requests/invoke-broker-to-reset-offset.ts';
import { lockBatchMq } from '../../../src/remoting/requests/lock-batch-mq.ts';
import { pullMessage } from '../../../src/remoting/requests/pull-message.ts';
import { queryConsumerOffset } from '../../../src/remoting/requests/query-consumer-offset.ts';
import { searchOffset } from '../../../src/remoting/requests/search-offset.ts';
import { sendBatchMessage } from '../../../src/remoting/requests/send-batch-message.ts';
import { unlockBatchMq } from '../../../src/remoting/requests/unlock-batch-mq.ts';
import {
  defaultGroupSettings,
  updateAndCreateSubscriptionGroup,
} from '../../../src/remoting/requests/update-and-create-subscription-group.ts';
import { updateAndCreateTopic } from '../../../src/remoting/requests/update-and-create-topic.ts';
import { updateBrokerConfig } from '../../../src/remoting/requests/update-broker-config.ts';
import { updateConsumerOffset } from '../../../src/remoting/requests/update-consumer-offset.ts';
import { BROKER_VERSIONS, useCluster } from '../../support/broker-versions.ts';
import { eventually } from '../../support/eventually.ts';
import { encodeBatch } from '../../support/messages.ts';
import { goOnline } from '../../support/online-consumer.ts';

const TIMEOUT_MS = 10_000;
const SETTINGS = { readQueues: 4, writeQueues: 3, perm: 6, order: true, filterType: 'SINGLE_TAG', sysFlag: 0 };

describe.each(BROKER_VERSIONS)('every request, against %s', (version) => {
  const isV5 = version.startsWith('5');
  const cluster = useCluster(version);
  const topic = `requests-${Date.now()}`;
  const group = `requests-group-${Date.now()}`;
  let broker: Connection;
  let nameServer: Connection;
  beforeAll(async () => {
    broker = new Connection(parseAddress(cluster().broker.address));
    nameServer = new Connection(parseAddress(cluster().nameServers[0]!));
    await ask(updateAndCreateTopic, { ...SETTINGS, topic, attributes: isV5 ? { 'message.type': 'FIFO' } : {} });
    await ask(updateAndCreateSubscriptionGroup, defaultGroupSettings(group));
  });
  afterAll(() => {
    broker.close();
    nameServer.close();
  });

  function ask<A, R>(kind: RequestKind<A, R>, args: A, connection = broker): Promise<R> {
    return call(connection, kind, args, { timeoutMs: TIMEOUT_MS });
  }
  const place = (queue = 0) => ({ topic, broker: cluster().brokerName, queue });
  const send = (queue: number, ...bodies: string[]) => {
    const messages = bodies.map((body) => ({
      ...{ flag: 5, sysFlag: 0, body: Buffer.from(body) },
      properties: [['KEYS', body] as const],
    }));
    const parts = [encodeBatch(messages)];
    return ask(sendBatchMessage, { ...place(queue), producerGroup: 'test', sysFlag: 0, bornTimestamp: 99, parts });
  };
  const pull = (queue: number, offset: number, maxMessages = 32, waitMs = 0) =>
    ask(pullMessage, { ...place(queue), group, offset, maxMessages, waitMs });
  const readable = (queue: number, max: number) =>
    eventually(TIMEOUT_MS, async () => (await ask(getMaxOffset, place(queue))) === max);

  test('GET_ROUTEINFO_BY_TOPIC', async () => {
    expect(await ask(getRouteInfo, 'no-such-topic', nameServer)).toBeUndefined();
    const route = await eventually(TIMEOUT_MS, () => ask(getRouteInfo, topic, nameServer));
    const { brokerName, broker: server } = cluster();
    expect(route).toEqual({
      queues: [{ broker: brokerName, readQueues: 4, writeQueues: 3, perm: 6 }],
      brokers: [{ name: brokerName, master: server.address, slaves: [] }],
    });
  });

  test('GET_BROKER_CLUSTER_INFO', async () => {
    const { brokerName, broker: server } = cluster();
    expect(await ask(getBrokerClusterInfo, undefined, nameServer)).toEqual([
      { name: brokerName, master: server.address, slaves: [] },
    ]);
  });

  test('UPDATE_AND_CREATE_TOPIC, GET_TOPIC_CONFIG, GET_ALL_TOPIC_CONFIG', async () => {
    // 4.4 ignores both.
    const expected = { ...SETTINGS, order: isV5, attributes: isV5 ? { 'message.type': 'FIFO' } : {} };
    expect((await ask(getAllTopicConfig, undefined)).get(topic)).toEqual(expected);
    if (!isV5) return;
    expect(await ask(getTopicConfig, topic)).toEqual(expected);
    expect(await ask(getTopicConfig, 'no-such-topic')).toBeUndefined();
  });

  test('GET_SYSTEM_TOPIC_LIST_FROM_BROKER', async () => {
    const topics = await ask(getSystemTopics, undefined);
    expect([topics.has(cluster().brokerName), topics.has('BenchmarkTest'), topics.has(topic)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, GET_SUBSCRIPTIONGROUP_CONFIG, GET_ALL_SUBSCRIPTIONGROUP_CONFIG', async () => {
    const settings = { ...defaultGroupSettings(group), retryMaxTimes: 7 };
    for (const consumeEnable of [false, true]) {
      await ask(updateAndCreateSubscriptionGroup, { ...settings, consumeEnable });
      const groups = await ask(getAllSubscriptionGroups, undefined);
      expect(groups.get(group)).toMatchObject({ ...settings, consumeEnable });
      expect(groups.has('no-such-group')).toBe(false);
      if (isV5) expect(await ask(getSubscriptionGroup, group)).toMatchObject({ ...settings, consumeEnable });
    }
    if (isV5) expect(await ask(getSubscriptionGroup, 'no-such-group')).toBeUndefined();
  });

  test('GET_CONSUMER_RUNNING_INFO of a client that is not online', async () => {
    const asked = { group, clientId: 'nobody' };
    await expect(ask(getConsumerRunningInfo, asked)).rejects.toMatchObject({
      code: 1,
      remark: expect.stringContaining('not online') as string,
    });
  });

  test('SEND_BATCH_MESSAGE and PULL_MESSAGE', async () => {
    expect(await send(0, 'a', '', 'c')).toBe(0);
    expect(await send(0, 'd')).toBe(3);
    await readable(0, 4);
    const pulled = await pull(0, 1);
    expect(pulled).toMatchObject({ code: 0, nextOffset: 4, minOffset: 0, maxOffset: 4 });
    const message = new MessageCursor(pulled.records);
    for (const [offset, body] of ['', 'c', 'd'].entries()) {
      expect(message.next()).toBe(true);
      expect(message).toMatchObject({ queueId: 0, queueOffset: offset + 1, flag: 5, sysFlag: 0, bornTimestamp: 99 });
      expect(message.records.toString('utf8', message.bodyStart, message.bodyEnd)).toBe(body);
      const properties = message.records.toString('utf8', message.propertiesStart, message.propertiesEnd);
      expect(properties).toBe(`KEYS\u0001${body}\u0002`);
    }
    expect(message.next()).toBe(false);
    expect((await pull(0, 0, 1)).nextOffset).toBe(1);
  });

  test('PULL_MESSAGE says when there is nothing, and when the offset is not held', async () => {
    await send(1, 'only');
    await readable(1, 1);
    expect(await pull(1, 1)).toMatchObject({ code: 19, nextOffset: 1, minOffset: 0, maxOffset: 1 });
    // 4.4 sends a reader that is too far back to the beginning.
    expect(await pull(1, 7)).toMatchObject({ code: 21, nextOffset: isV5 ? 1 : 0, maxOffset: 1 });
    expect(await pull(2, 0)).toMatchObject({ code: 19, nextOffset: 0, maxOffset: 0 });
    expect(await pull(2, 7)).toMatchObject({ code: 21, nextOffset: 0 });
  });

  test('PULL_MESSAGE waits for a message', async () => {
    const max = await ask(getMaxOffset, place(1));
    const waiting = pull(1, max, 32, 30_000);
    const sent = await send(1, 'awaited');
    expect(await waiting).toMatchObject({ code: 0, nextOffset: sent + 1 });
  });

  test('GET_MIN_OFFSET, GET_MAX_OFFSET', async () => {
    for (const empty of [place(3), { ...place(), topic: 'no-such-topic' }]) {
      expect(await ask(getMinOffset, empty)).toBe(0);
      expect(await ask(getMaxOffset, empty)).toBe(0);
    }
    await send(2, 'one', 'two');
    await readable(2, 2);
    expect(await ask(getMinOffset, place(2))).toBe(0);
  });

  test('SEARCH_OFFSET_BY_TIMESTAMP', async () => {
    await send(2, 'early');
    const max = await eventually(TIMEOUT_MS, () => ask(getMaxOffset, place(2)));
    expect(await ask(searchOffset, { ...place(2), timestamp: 0 })).toBe(0);
    const late = await ask(searchOffset, { ...place(2), timestamp: Date.now() + 60_000 });
    expect(late).toBeGreaterThanOrEqual(max - 1);
  });

  test('QUERY_CONSUMER_OFFSET, UPDATE_CONSUMER_OFFSET', async () => {
    const asked = { ...place(3), group };
    // 4.4 makes up a zero for a queue that is still in memory.
    expect(await ask(queryConsumerOffset, asked)).toBe(isV5 ? undefined : 0);
    await ask(updateConsumerOffset, { ...asked, offset: 0 });
    expect(await ask(queryConsumerOffset, asked)).toBe(0);
    await ask(updateConsumerOffset, { ...asked, offset: 2 ** 40 });
    expect(await ask(queryConsumerOffset, asked)).toBe(2 ** 40);
    if (!isV5) return;
    const refused = ask(updateConsumerOffset, { ...asked, group: 'no-such-group', offset: 1 });
    await expect(refused).rejects.toMatchObject({ code: 26, codeName: 'SUBSCRIPTION_GROUP_NOT_EXIST', answered: true });
  });

  test('GET_ALL_CONSUMER_OFFSET', async () => {
    await ask(updateConsumerOffset, { ...place(1), group, offset: 7 });
    await ask(updateConsumerOffset, { ...place(2), group, offset: 2 ** 40 });
    const own = (await ask(getAllConsumerOffsets, undefined)).filter((committed) => committed.group === group);
    expect(own.map(({ topic: name }) => name)).toEqual([topic]);
    expect([own[0]!.offsets.get(1), own[0]!.offsets.get(2)]).toEqual([7, 2 ** 40]);
  });

  test('GET_CONSUMER_LIST_BY_GROUP, GET_CONSUMER_CONNECTION_LIST', async () => {
    const watched = `${group}-online`;
    await ask(updateAndCreateSubscriptionGroup, defaultGroupSettings(watched));
    expect(await ask(getConsumerList, watched)).toEqual([]);
    expect(await ask(getConsumerConnections, watched)).toBeUndefined();
    const consumer = await goOnline({
      ...{ broker: cluster().broker.address, group: watched, topics: [topic], clientId: 'test@one' },
      messageModel: 'BROADCASTING',
    });
    expect(await ask(getConsumerList, watched)).toEqual(['test@one']);
    expect(await ask(getConsumerConnections, watched)).toEqual({
      clients: [{ clientId: 'test@one', address: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string }],
      messageModel: 'BROADCASTING',
      topics: [topic],
    });
    consumer.close();
    await eventually(TIMEOUT_MS, async () => (await ask(getConsumerList, watched)).length === 0);
    expect(await ask(getConsumerConnections, watched)).toBeUndefined();
  });

  test.runIf(isV5)('INVOKE_BROKER_TO_RESET_OFFSET counts until somebody pulls', async () => {
    const own = { ...place(2), group: `${group}-reset` };
    await ask(updateAndCreateSubscriptionGroup, defaultGroupSettings(own.group));
    const max = await ask(getMaxOffset, place(2));
    expect(max).toBeGreaterThan(1);
    await ask(resetConsumerOffset, { ...own, offset: max - 1 });
    expect(await ask(queryConsumerOffset, own)).toBe(max - 1);
    await ask(updateConsumerOffset, { ...own, offset: max });
    expect(await ask(queryConsumerOffset, own)).toBe(max - 1);
    await expect(ask(resetConsumerOffset, { ...own, offset: max + 2 })).rejects.toMatchObject({ code: 1 });
    await ask(pullMessage, { ...own, offset: 0, maxMessages: 1, waitMs: 0 });
    await ask(updateConsumerOffset, { ...own, offset: max });
    expect(await ask(queryConsumerOffset, own)).toBe(max);
  });

  test('LOCK_BATCH_MQ, UNLOCK_BATCH_MQ', async () => {
    const queues = [place(0), { topic: 'elsewhere', broker: 'another', queue: 9 }];
    const one = { group, clientId: 'one', queues };
    const other = { group, clientId: 'other', queues: [place(0), place(1)] };
    expect(await ask(lockBatchMq, one)).toHaveLength(2);
    expect(await ask(lockBatchMq, one)).toEqual(expect.arrayContaining(queues));
    expect(await ask(lockBatchMq, other)).toEqual([place(1)]);
    await ask(unlockBatchMq, { ...one, clientId: 'other' });
    expect(await ask(lockBatchMq, other)).toEqual([place(1)]);
    await ask(unlockBatchMq, one);
    expect(await ask(lockBatchMq, other)).toHaveLength(2);
  });

  test('GET_BROKER_RUNTIME_INFO', async () => {
    // A 4.x broker has no figures in the first second after its start.
    const info = await eventually(10_000, () => ask(getBrokerRuntimeInfo, undefined));
    expect(info.brokerVersionDesc).toBe(`V${version.replaceAll('.', '_')}`);
    expect(info.remainHowManyDataToFlush).toMatch(/^\d+(\.\d)? ([KMG]i)?B$/);
    for (const name of ['commitLogMaxOffset', 'dispatchBehindBytes'])
      expect(Number(info[name])).toBeGreaterThanOrEqual(0);
  });

  test('GET_BROKER_CONFIG', async () => {
    const config = await ask(getBrokerConfig, undefined);
    expect(config.get('brokerName')).toBe(cluster().brokerName);
    expect(Number(config.get('maxMessageSize'))).toBeGreaterThan(0);
  });

  test('UPDATE_BROKER_CONFIG', async () => {
    const limit = async () => (await ask(getBrokerConfig, undefined)).get('maxMessageSize')!;
    const before = await limit();
    await ask(updateBrokerConfig, { maxMessageSize: 4_000_000 });
    expect(await limit()).toBe('4000000');
    await ask(updateBrokerConfig, { maxMessageSize: before });
    expect(await limit()).toBe(before);
  });

  test('a refusal carries code, remark and address', async () => {
    const parts = [encodeBatch([{ flag: 0, sysFlag: 0, body: Buffer.from('x'), properties: [] }])];
    const batch = { ...place(), topic: `%RETRY%${group}`, producerGroup: 'test', sysFlag: 0, bornTimestamp: 1, parts };
    await ask(updateAndCreateTopic, { ...SETTINGS, topic: batch.topic, attributes: {} });
    await expect(ask(sendBatchMessage, batch)).rejects.toMatchObject({
      request: 'SEND_BATCH_MESSAGE',
      address: cluster().broker.address,
      code: 13,
      codeName: 'MESSAGE_ILLEGAL',
      retryable: false,
      answered: true,
      remark: expect.stringContaining('retry group') as string,
    });
    await expect(ask(sendBatchMessage, { ...batch, topic: 'no-such-topic' })).rejects.toMatchObject({ code: 17 });
  });
});
