import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import type { Cluster, Destination } from '../../../src/transport/types.ts';
import { setBroker } from '../../support/broker-settings.ts';
import { eventually } from '../../support/eventually.ts';
import { mixedMessages } from '../../support/messages.ts';
import { compareLogs, readLog } from '../../support/oracle/compare.ts';
import { produce } from '../../support/producer.ts';
import { proxyCluster } from '../../support/proxied-cluster.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { startBroker, useStack, type PrivateCluster } from '../../support/servers.ts';
import { FULL, SEED } from '../../support/sizes.ts';

const TOPIC = { perm: 6, order: false, attributes: {} };
const QUEUES = 4;
const HEALTHY = {
  osPageCacheBusyTimeOutMills: 1000,
  brokerRole: 'ASYNC_MASTER',
  enableSlaveActingMaster: false,
  slaveReadEnable: false,
  brokerPermission: 6,
};
/** Longer than a first download of the servers takes. */
const START_TIMEOUT_MS = 600_000;

const stack = useStack();
let pressed: PrivateCluster;
let second: PrivateCluster;
let east: Cluster;
let west: Cluster;
let writer: Destination;
let rig: PumpRig;

beforeAll(async () => {
  pressed = await startBroker({ name: 'pressed' });
  second = await startBroker({ name: 'pressed-too', joins: { cluster: pressed, brokerName: 'pressed-b' } });
  east = openRemotingCluster({ name: 'east', nameServers: stack.east.nameServers });
  west = openRemotingCluster({ name: 'pressed', nameServers: pressed.nameServers });
  writer = east.openDestination();
}, START_TIMEOUT_MS);

afterAll(async () => {
  for (const end of [writer, east, west]) end.close();
  await second.remove();
  await pressed.remove();
});

beforeEach(async () => {
  rig = await rigTo(west);
});

afterEach(async () => {
  await setBroker(pressed.broker.address, HEALTHY);
  await rig.stop().catch(() => undefined);
});

async function rigTo(destination: Cluster): Promise<PumpRig> {
  const made = new PumpRig({
    source: east,
    destination,
    topic: `pressure-${Date.now()}`,
    fromBroker: stack.east.brokerName,
    toBroker: pressed.brokerName,
    queues: QUEUES,
  });
  await made.prepare();
  return made;
}

async function produced(count: number, meanBytes = 1000): Promise<void> {
  const messages = mixedMessages({ count, seed: SEED, meanBytes, large: 0, largestBytes: 0 });
  await produce({ writer, queues: rig.queues, messages });
}

/** The pump says so in a heartbeat that is still to come; there is one each second. */
async function troubled(by: RegExp): Promise<void> {
  const before = rig.progress;
  const says = () => rig.progress !== before && rig.progress?.troubles.some((trouble) => by.test(trouble));
  await eventually(30_000, says).catch(() => {
    throw new Error(`no trouble ${String(by)}, but ${JSON.stringify(rig.progress)}`);
  });
}

async function expectExact(count: number): Promise<void> {
  await rig.reaches(count, 60_000);
  expect(rig.report?.blocked ?? []).toEqual([]);
  const { counters } = await rig.stop();
  expect(counters.repeated).toBe(0);
  const { topic } = rig.queues[0]!;
  const destination = await readLog(join(pressed.broker.folder, 'store'), topic);
  expect(compareLogs(await readLog(join(stack.east.broker.folder, 'store'), topic), destination)).toEqual({
    source: count,
    copied: count,
    lost: 0,
    repeated: 0,
    outOfOrder: 0,
    changed: 0,
  });
}

describe('a destination broker under pressure: the pump says why it waits, and goes on', () => {
  it('flow control', async () => {
    // Any send that comes while another one is being stored is refused: that takes sends to all queues at once, until it has happened.
    await setBroker(pressed.broker.address, { osPageCacheBusyTimeOutMills: -1 });
    const stop = new AbortController();
    const messages = mixedMessages({ count: 1e9, seed: SEED, meanBytes: 1000, large: 0, largestBytes: 0 });
    const load = produce({ writer, queues: rig.queues, messages, rate: 2000, stop: stop.signal });
    try {
      rig.start();
      await troubled(/refused with 2 SYSTEM_BUSY/);
    } finally {
      stop.abort();
    }
    await setBroker(pressed.broker.address, HEALTHY);
    await expectExact(await load);
  }, 120_000);

  it('it takes no messages, as with a full disk', async () => {
    await produced(2000);
    rig.start({ rateLimit: { messagesPerSecond: 400 } });
    await rig.reaches(200, 30_000);
    // What a broker answers whose disk is full, and one that stands in for its master.
    await setBroker(pressed.broker.address, {
      brokerRole: 'SLAVE',
      enableSlaveActingMaster: true,
      slaveReadEnable: true,
    });
    await troubled(/refused with 14 SERVICE_NOT_AVAILABLE, .*disk is full/);
    const copied = await rig.copied();
    for (let heartbeat = 0; heartbeat < 2; heartbeat++) await troubled(/SERVICE_NOT_AVAILABLE/);
    expect(await rig.copied()).toBe(copied);
    await setBroker(pressed.broker.address, HEALTHY);
    await expectExact(2000);
  }, 120_000);

  it('it was made read only', async () => {
    await produced(2000);
    // Only for ordered topics a broker looks at its own permission.
    const size = { readQueues: QUEUES, writeQueues: QUEUES };
    await west.admin.putTopic(pressed.brokerName, rig.queues[0]!.topic, { ...TOPIC, ...size, order: true });
    rig.start({ rateLimit: { messagesPerSecond: 400 } });
    await rig.reaches(200, 30_000);
    await setBroker(pressed.broker.address, { brokerPermission: 4 });
    await troubled(/refused with 16 NO_PERMISSION/);
    await setBroker(pressed.broker.address, HEALTHY);
    await expectExact(2000);
  }, 120_000);

  it.runIf(FULL)(
    'it is so slow that a large batch is not answered in time',
    async () => {
      const proxy = await proxyCluster(pressed);
      const slow = openRemotingCluster({ name: 'pressed', nameServers: proxy.nameServers });
      try {
        rig = await rigTo(slow);
        // a queue's messages are one batch at first, and that takes more than 5 s
        await produced(100, 10_000);
        proxy.broker.bytesPerSecond = 40_000;
        rig.start();
        await troubled(/no answer within 5000 ms/);
        await rig.reaches(100, 100_000);
        await expectExact(100);
      } finally {
        slow.close();
        await proxy.close();
      }
    },
    180_000,
  );
});

describe('one of two destination brokers does not answer', () => {
  it('queues of the other are copied on as before; when it answers again its own follow', async () => {
    const { topic } = rig.queues[0]!;
    const { brokerName } = second;
    const half = QUEUES / 2;
    await west.admin.putTopic(brokerName, topic, { ...TOPIC, readQueues: half, writeQueues: half });
    const from = (queue: number) => ({ broker: stack.east.brokerName, queue });
    rig.start({
      queues: [
        { topic, from: from(0), to: { broker: pressed.brokerName, queue: 0 }, count: half },
        { topic, from: from(half), to: { broker: brokerName, queue: 0 }, count: half },
      ],
    });
    await produced(400);
    const onSecond = async () => {
      const queues = [0, 1].map((id) => west.admin.range({ topic, broker: brokerName, id }));
      return (await Promise.all(queues)).reduce((sum, { max }) => sum + max, 0);
    };
    await rig.reaches(200, 30_000);
    await eventually(30_000, async () => (await onSecond()) === 200);
    const checkpoint = (queue: number) => east.admin.committed(rig.group, rig.queues[queue]!);
    second.broker.freeze();
    try {
      for (let round = 1; round <= 3; round++) {
        await produced(400);
        const began = performance.now();
        await rig.reaches(200 + 200 * round, 30_000);
        expect(performance.now() - began, 'as quickly as without trouble').toBeLessThan(3000);
        await eventually(4000, async () => (await checkpoint(0)) === (await west.admin.range(rig.copies[0]!)).max);
        await troubled(/pressed-b/);
      }
    } finally {
      second.broker.thaw();
    }
    await eventually(60_000, async () => (await onSecond()) === 800);
    const { counters } = await rig.stop();
    expect(counters).toMatchObject({ copied: 1600, repeated: 0 });
  }, 180_000);
});
