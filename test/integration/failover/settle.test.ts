import { afterAll, beforeAll, expect, test } from 'vitest';
import { settleGroups, type SettleOptions } from '../../../src/failover/settle.ts';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import { PROXY_HEARTBEATS } from '../../../src/replication/topic-pattern.ts';
import type { Cluster, Destination, Queue } from '../../../src/transport/types.ts';
import { eventually } from '../../support/eventually.ts';
import { goOnline } from '../../support/online-consumer.ts';
import { produce } from '../../support/producer.ts';
import { useStack } from '../../support/servers.ts';
import { tellOnline, type TellingConsumer } from '../../support/telling-consumer.ts';

const stack = useStack();
const topic = `settle-${Date.now()}`;
let cluster: Cluster;
let writer: Destination;
let queue: Queue;
let groups = 0;

beforeAll(async () => {
  const { name, nameServers, brokerName: broker } = stack.east;
  cluster = openRemotingCluster({ name, nameServers });
  writer = cluster.openDestination();
  queue = { topic, broker, id: 0 };
  const config = { readQueues: 1, writeQueues: 1, perm: 6, order: false, attributes: {} };
  for (const name of [topic, PROXY_HEARTBEATS]) {
    await cluster.admin.putTopic(broker, name, config);
    await eventually(30_000, async () => (await cluster.admin.topic(name)) !== undefined);
  }
});
afterAll(() => {
  writer.close();
  cluster.close();
});

async function group(offset: number): Promise<string> {
  const name = `${topic}-${groups++}`;
  await cluster.admin.createGroup(name);
  await cluster.admin.commit(name, queue, offset);
  return name;
}
const place = (name: string) => ({ broker: stack.east.broker.address, group: name, topics: [topic] });
const settle = (names: readonly string[], more: Partial<SettleOptions> = {}) =>
  settleGroups({
    ...{ cluster, brokers: [queue.broker], groups: names, until: Date.now() + 60_000 },
    ...{ signal: new AbortController().signal, ...more },
  });

/** Comes back when it was asked what it holds, and once more, so that what it said was looked at. */
async function askedAgain(consumer: TellingConsumer): Promise<void> {
  const before = consumer.asked;
  await eventually(20_000, () => consumer.asked >= before + 3);
}

test.concurrent('R10: groups with nobody online settle at once', async () => {
  const names = [await group(5), await group(6)];
  const began = performance.now();
  expect(await settle(names)).toEqual(names.map((name) => ({ group: name, unfinished: 0, silent: 0 })));
  expect(performance.now() - began).toBeLessThan(2_000);
});

test.concurrent(
  'R10: a consumer that tells has settled when it holds nothing and has committed what it said',
  async () => {
    const name = await group(5);
    const consumer = await tellOnline(place(name));
    consumer.holds = [{ ...queue, unfinished: 3, commitOffset: 5 }];
    let isSettled = false;
    const settled = settle([name]).finally(() => {
      isSettled = true;
    });
    await askedAgain(consumer);
    expect(isSettled).toBe(false);
    // finished, but not committed
    consumer.holds = [{ ...queue, unfinished: 0, commitOffset: 8 }];
    await askedAgain(consumer);
    expect(isSettled).toBe(false);
    await cluster.admin.commit(name, queue, 8);
    expect(await settled).toEqual([{ group: name, unfinished: 0, silent: 0 }]);
    consumer.close();
  },
);

test.concurrent('R10: what consumers have not finished in time may be seen again, and is counted', async () => {
  const name = await group(5);
  const consumer = await tellOnline(place(name));
  consumer.holds = [{ ...queue, unfinished: 3, commitOffset: 7 }];
  expect(await settle([name], { until: Date.now() + 1_500 })).toEqual([{ group: name, unfinished: 5, silent: 0 }]);
  consumer.close();
});

test.concurrent('R10: offsets of consumers that do not tell must stand for 6 s', async () => {
  const name = await group(5);
  const silent = await goOnline(place(name));
  const began = performance.now();
  const settled = settle([name]);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await cluster.admin.commit(name, queue, 9);
  expect(await settled).toEqual([{ group: name, unfinished: 0, silent: 1 }]);
  expect(performance.now() - began).toBeGreaterThan(8_900);
  expect(performance.now() - began).toBeLessThan(25_000);
  silent.close();
});

test.concurrent('R10: so must those of consumers behind a proxy, of which only its heartbeats tell', async () => {
  const [here, gone] = [await group(5), await group(5)];
  await tellProxies([heartbeat(here, 'a', 'REGISTER'), heartbeat(here, 'b', 'REGISTER')]);
  await tellProxies([heartbeat(gone, 'c', 'REGISTER'), heartbeat(here, 'b', 'UNREGISTER')]);
  await tellProxies(['no heartbeat', heartbeat(gone, 'c', 'UNREGISTER'), heartbeat(here, 'a', 'REGISTER')]);
  const began = performance.now();
  expect(await settle([here, gone])).toEqual([
    { group: here, unfinished: 0, silent: 1 },
    { group: gone, unfinished: 0, silent: 0 },
  ]);
  expect(performance.now() - began).toBeGreaterThan(5_900);
});

test.concurrent('R10: so must those of a group that pops in order', async () => {
  const name = await group(5);
  const config = (await cluster.admin.groupConfig(queue.broker, name))!;
  await cluster.admin.putGroup(queue.broker, { ...config, consumeMessageOrderly: true });
  const began = performance.now();
  expect(await settle([name])).toEqual([{ group: name, unfinished: 0, silent: 0 }]);
  expect(performance.now() - began).toBeGreaterThan(5_900);
});

test('R10: where heartbeats of proxies cannot be read, nobody settles at once, and it is said that there may be more consumers', async () => {
  const name = await group(5);
  await tellProxies([heartbeat(name, 'a', 'REGISTER')]);
  const config = (await cluster.admin.topicConfig(queue.broker, PROXY_HEARTBEATS))!;
  await cluster.admin.putTopic(queue.broker, PROXY_HEARTBEATS, { ...config, perm: 2 });
  const until = Date.now() + 1_500;
  const [settled] = await settle([name], { until }).finally(() =>
    cluster.admin.putTopic(queue.broker, PROXY_HEARTBEATS, config),
  );
  expect(settled).toMatchObject({ group: name, unfinished: 0, silent: 0 });
  expect(settled!.unseen).toContain(PROXY_HEARTBEATS);
  expect(Date.now()).toBeGreaterThanOrEqual(until);
});

/** As proxies in cluster mode tell each other. */
function heartbeat(name: string, clientId: string, heartbeatType: 'REGISTER' | 'UNREGISTER'): string {
  const about = { channelData: '{}', consumeType: 'CONSUME_ACTIVELY', language: 'JAVA', localProxyId: '127.0.0.1%1%2' };
  return JSON.stringify({ ...about, clientId, group: name, heartbeatType });
}

async function tellProxies(bodies: readonly string[]): Promise<void> {
  const messages = bodies.map((body) => ({ flag: 0, sysFlag: 0, body: Buffer.from(body), properties: [] }));
  await produce({ writer, queues: [{ ...queue, topic: PROXY_HEARTBEATS }], messages });
}
