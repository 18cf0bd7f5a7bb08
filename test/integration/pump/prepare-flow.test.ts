import { expect, test } from 'vitest';
import { prepareFlow } from '../../../src/pump/prepare-flow.ts';
import { replicationInput, type ReplicationConfig } from '../../../src/replication/input.ts';
import { flowGroup } from '../../../src/replication/names.ts';
import { WrongInput } from '../../../src/replication/wrong-input.ts';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import type { Cluster, Queue, TopicConfig } from '../../../src/transport/types.ts';
import type { TestMessage } from '../../support/messages.ts';
import { produce } from '../../support/producer.ts';
import { useClusters } from '../../support/clusters.ts';
import { useStack } from '../../support/servers.ts';

const stack = useStack();
const { east, west } = useClusters(stack);

const PLAIN: TopicConfig = { readQueues: 4, writeQueues: 4, perm: 6, order: false, attributes: {} };
const broker = () => stack.east.brokerName;
let topics = 0;

async function sourceTopic(config: Partial<TopicConfig> = {}): Promise<string> {
  const topic = `prepare-${++topics}`;
  await east.admin.putTopic(broker(), topic, { ...PLAIN, ...config });
  return topic;
}

function prepare(
  replication: string,
  input: Partial<ReplicationConfig>,
  map: Parameters<typeof prepareFlow>[0]['map'] = [],
  destination = west,
  discovering = false,
) {
  const full = replicationInput.parse({ source: 'east', destination: 'west', topics: [], ...input });
  const known = { ...full, replication, epoch: 1, revision: 0, map, histories: {}, starts: {} };
  return prepareFlow({ ...known, input: full, discovering }, east, destination, new AbortController().signal);
}

async function send(cluster: Cluster, queue: Queue, count: number, from?: string): Promise<void> {
  const writer = cluster.openDestination();
  const message: TestMessage = {
    ...{ flag: 0, sysFlag: 0, body: Buffer.from('hello') },
    properties: [...(from === undefined ? [] : [['REPL_FROM', from] as const])],
  };
  await produce({ writer, queues: [queue], messages: Array.from({ length: count }, () => message) });
  await writer.dispatched(queue.broker, 10_000);
  writer.close();
}

function queue(topic: string, id: number, name = broker()): Queue {
  return { topic, broker: name, id };
}

test('creates the topic like the source, and the flow group on both sides; starts at the oldest message', async () => {
  const topic = await sourceTopic({ readQueues: 3, writeQueues: 3, attributes: { 'message.type': 'FIFO' } });
  await send(east, queue(topic, 1), 5);
  const prepared = await prepare('create', { topics: [topic] });
  expect(prepared.map).toEqual([
    { topic, from: { broker: broker(), queue: 0 }, to: { broker: stack.west.brokerName, queue: 0 }, count: 3 },
  ]);
  expect(prepared.starts).toEqual(Object.fromEntries([0, 1, 2].map((id) => [`${topic}/${broker()}/${id}`, 0])));
  expect(await west.admin.topicConfig(stack.west.brokerName, topic)).toMatchObject({
    readQueues: 3,
    writeQueues: 3,
    perm: 6,
    attributes: { 'message.type': 'FIFO' },
  });
  const group = flowGroup({ replication: 'create', source: 'east', destination: 'west' });
  await west.admin.commit(group, queue(topic, 0, stack.west.brokerName), 0);
  await east.admin.commit(group, queue(topic, 0), 0);
  // the same again changes nothing
  expect(await prepare('create', { topics: [topic] }, prepared.map)).toEqual({ ...prepared, starts: {} });
});

test('R10: retry topics of the groups are created as on the source, with their groups, but disabled; all that waits there is copied', async () => {
  const topic = await sourceTopic();
  const group = `prepare-group-${Date.now()}`;
  await east.admin.createGroup(group);
  const settings = (await east.admin.groupConfig(broker(), group))!;
  await east.admin.putGroup(broker(), { ...settings, retryMaxTimes: 5 });
  const [push, pop] = [`%RETRY%${group}`, `%RETRY%${group}_${topic}`];
  // as brokers create them where a consumer fails
  await east.admin.createGroup(`${group}_${topic}`);
  for (const name of [push, pop, `%RETRY%${group}_other`, `%RETRY%other-${group}`])
    await east.admin.putTopic(broker(), name, { ...PLAIN, readQueues: 1, writeQueues: 1 });
  await send(east, queue(push, 0), 1);
  const input = { topics: [topic], groups: [group], start: 'latest' as const };
  const prepared = await prepare('retries', input);
  expect(prepared.map.map((range) => [range.topic, range.count])).toEqual([
    [topic, 4],
    [push, 1],
    [pop, 1],
  ]);
  expect(prepared.starts[`${push}/${broker()}/0`]).toBe(0);
  const { brokerName } = stack.west;
  expect(await west.admin.topicConfig(brokerName, pop)).toMatchObject({ readQueues: 1, writeQueues: 1 });
  expect(await west.admin.groupConfig(brokerName, group)).toMatchObject({ consumeEnable: false, retryMaxTimes: 5 });
  // a group that is left out later leaves nothing behind that waits
  const { map } = await prepare('retries', { ...input, groups: [] }, prepared.map);
  expect(map).toEqual(prepared.map);
});

test('names everything that is wrong, and creates nothing', async () => {
  const good = await sourceTopic();
  const unreadable = await sourceTopic({ perm: 2 });
  const retries = `%RETRY%prepare-${Date.now()}`;
  await east.admin.putTopic(broker(), retries, PLAIN);
  const failure: unknown = await prepare('wrong', {
    topics: [good, 'no-such-topic', unreadable, retries],
  }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(WrongInput);
  const { problems } = failure as WrongInput;
  expect(problems).toHaveLength(3);
  expect(problems[0]).toBe('topics[1]: topic no-such-topic does not exist on east; expected an existing topic');
  expect(problems[1]).toContain(`topics[2]: topic ${unreadable} cannot be read`);
  expect(problems[2]).toBe(`topics[3]: ${retries} is a retry topic, which travels with its group; name that in groups`);
  expect(await west.admin.topic(good)).toBeUndefined();
});

test('a group to start from that has no offset is named with its queues, and nothing is created', async () => {
  const topic = await sourceTopic({ readQueues: 2, writeQueues: 2 });
  await send(east, queue(topic, 1), 1);
  await expect(prepare('no-group', { topics: [topic], start: { group: 'billing' } })).rejects.toThrow(
    `start.group: group billing has no offset on east for ${topic}/${broker()}/1`,
  );
  expect(await west.admin.topic(topic)).toBeUndefined();
});

test('refuses one cluster under two names', async () => {
  const topic = await sourceTopic();
  const again = openRemotingCluster({ name: 'west', nameServers: stack.east.nameServers });
  await expect(prepare('same', { topics: [topic] }, [], again)).rejects.toThrow(
    'destination: west is the same cluster as the source east',
  );
  again.close();
});

test('R5: resolved starts are committed before the first copy, and not resolved a second time', async () => {
  const topic = await sourceTopic({ readQueues: 2, writeQueues: 2 });
  const group = flowGroup({ replication: 'latest', source: 'east', destination: 'west' });
  await send(east, queue(topic, 0), 7);
  const { starts, map } = await prepare('latest', { topics: [topic], start: 'latest' });
  expect(starts).toEqual({ [`${topic}/${broker()}/0`]: 7, [`${topic}/${broker()}/1`]: 0 });
  expect(await east.admin.committed(group, queue(topic, 0))).toBe(7);
  await send(east, queue(topic, 0), 3);
  await send(east, queue(topic, 1), 3);
  const again = await prepare('latest', { topics: [topic], start: 'latest' }, map);
  // of the queue that was empty neither cluster holds a trace, and what came since must be copied
  expect(again.starts).toEqual({});
  expect((await east.admin.committed(group, queue(topic, 1))) ?? 0).toBe(0);
});

test('topics that appear while a replication is under way start at their first message; what cannot be copied is left out', async () => {
  const topic = await sourceTopic({ readQueues: 1, writeQueues: 1 });
  for (const name of [`${topic}-new`, `${topic}-test`])
    await east.admin.putTopic(broker(), name, { ...PLAIN, readQueues: 1, writeQueues: 1 });
  await east.admin.putTopic(broker(), `${topic}-raw`, { ...PLAIN, perm: 2 });
  const input = { topics: [topic, `${topic}-*`, `${topic}_*`], exclude: ['*-test'], start: 'latest' };
  await send(east, queue(`${topic}-new`, 0), 5);
  const map = [
    { topic, from: { broker: broker(), queue: 0 }, to: { broker: stack.west.brokerName, queue: 0 }, count: 1 },
  ];
  const found = await prepare('discover', input, map, west, true);
  expect(found.map.map(({ topic: name }) => name)).toEqual([topic, `${topic}-new`]);
  expect(found.starts).toEqual({ [`${topic}-new/${broker()}/0`]: 0 });
  expect(found.leftOut!.map(({ topic: name }) => name)).toEqual([`${topic}-raw`, `${topic}_*`]);
  expect(await west.admin.topic(`${topic}-test`)).toBeUndefined();
  // at the first start they begin where `start` says
  expect((await prepare('first', input)).starts[`${topic}-new/${broker()}/0`]).toBe(5);
});

test('starts at a time, or where a group stands', async () => {
  const topic = await sourceTopic({ readQueues: 1, writeQueues: 1 });
  await send(east, queue(topic, 0), 4);
  const between = new Date(Date.now() + 1);
  while (Date.now() <= between.getTime() + 1);
  await send(east, queue(topic, 0), 4);
  const byTime = await prepare('by-time', { topics: [topic], start: between.toISOString() });
  expect(byTime.starts).toEqual({ [`${topic}/${broker()}/0`]: 4 });
  await east.admin.createGroup('shipping');
  await east.admin.commit('shipping', queue(topic, 0), 6);
  const byGroup = await prepare('by-group', { topics: [topic], start: { group: 'shipping' } });
  expect(byGroup.starts).toEqual({ [`${topic}/${broker()}/0`]: 6 });
});

test('R4: a queue of which the destination holds a copy goes on from there, without any checkpoint', async () => {
  const topic = await sourceTopic({ readQueues: 2, writeQueues: 2 });
  await west.admin.putTopic(stack.west.brokerName, topic, { ...PLAIN, readQueues: 2, writeQueues: 2 });
  await send(east, queue(topic, 0), 5);
  await send(east, queue(topic, 1), 5);
  const source = { cluster: 'east', topic, broker: broker(), queue: 1, generation: 0 };
  await send(
    west,
    queue(topic, 1, stack.west.brokerName),
    1,
    `1:${source.cluster}:${source.topic}:${source.queue}:${source.generation}:2:${source.broker}`,
  );
  const { starts } = await prepare('evidence', { topics: [topic], start: 'latest' });
  expect(starts).toEqual({ [`${topic}/${broker()}/0`]: 5 });
});

test('R1: a destination topic with fewer queues is widened; queues added later extend the map and start at their oldest message', async () => {
  const topic = await sourceTopic({ readQueues: 2, writeQueues: 2 });
  await west.admin.putTopic(stack.west.brokerName, topic, { ...PLAIN, readQueues: 1, writeQueues: 1 });
  const first = await prepare('widen', { topics: [topic], start: 'latest' });
  expect(await west.admin.topicConfig(stack.west.brokerName, topic)).toMatchObject({ readQueues: 2, writeQueues: 2 });
  await east.admin.putTopic(broker(), topic, { ...PLAIN, readQueues: 4, writeQueues: 4 });
  await send(east, queue(topic, 3), 6);
  const second = await prepare('widen', { topics: [topic], start: 'latest' }, first.map);
  expect(second.map.slice(0, first.map.length)).toEqual(first.map);
  expect(second.map.reduce((sum, { count }) => sum + count, 0)).toBe(4);
  expect(second.starts[`${topic}/${broker()}/3`]).toBe(0);
  expect(await west.admin.topicConfig(stack.west.brokerName, topic)).toMatchObject({ readQueues: 4, writeQueues: 4 });
});

test('a cluster that does not answer is no wrong input', async () => {
  const away = openRemotingCluster({ name: 'west', nameServers: ['127.0.0.1:1'] });
  const failure: unknown = await prepare('away', { topics: ['orders'] }, [], away).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(failure).not.toBeInstanceOf(WrongInput);
  expect((failure as Error).message).toContain('west');
  away.close();
});
