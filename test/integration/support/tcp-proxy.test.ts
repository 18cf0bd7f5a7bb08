import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import type { Batch, Cluster, Destination } from '../../../src/transport/types.ts';
import { encodeBatch } from '../../support/messages.ts';
import { proxyCluster, type ProxiedCluster } from '../../support/proxied-cluster.ts';
import { useStack } from '../../support/servers.ts';

const SEND_BATCH_MESSAGE = 320;
const stack = useStack();
const queue = { topic: 'tcp-proxy-test', broker: 'east-a', id: 0 };

let proxied: ProxiedCluster;
let direct: Cluster;
let cluster: Cluster;
let writer: Destination;

beforeAll(async () => {
  direct = openRemotingCluster({ name: 'east', nameServers: stack.east.nameServers });
  const config = { readQueues: 1, writeQueues: 1, perm: 6, order: false, attributes: {} };
  await direct.admin.putTopic(queue.broker, queue.topic, config);
});
afterAll(() => {
  direct.close();
});
beforeEach(async () => {
  proxied = await proxyCluster(stack.east);
  cluster = openRemotingCluster({ name: 'east', nameServers: proxied.nameServers });
  writer = cluster.openDestination();
  await writer.send(queue, oneMessage(), 5000);
});
afterEach(async () => {
  writer.close();
  cluster.close();
  await proxied.close();
});

test('passes everything on', async () => {
  const before = await stored();
  expect(await writer.send(queue, oneMessage(), 5000)).toBe(before);
  expect(await stored()).toBe(before + 1);
  expect(proxied.broker.connections).toBeGreaterThan(0);
});

test.each(['cut', 'swallow', { lateMs: 3000 }] as const)(
  'a lost answer (%j): the batch is stored, the sender is not told',
  async (fate) => {
    const before = await stored();
    const lost = proxied.broker.loseAnswer(SEND_BATCH_MESSAGE, fate);
    await expect(writer.send(queue, oneMessage(), 1000)).rejects.toMatchObject({ name: 'TransportError' });
    await lost;
    expect(await stored()).toBe(before + 1);
    expect(await writer.send(queue, oneMessage(), 5000)).toBe(before + 1);
  },
);

test('adds latency each way', async () => {
  proxied.broker.latencyMs = 100;
  const began = performance.now();
  await writer.send(queue, oneMessage(), 5000);
  expect(performance.now() - began).toBeGreaterThanOrEqual(199);
});

test('frozen it passes nothing on, thawed it passes on what waited', async () => {
  const before = await stored();
  proxied.broker.freeze();
  const sending = writer.send(queue, oneMessage(), 30_000);
  await expect(writer.range(queue)).rejects.toMatchObject({ name: 'TransportError' });
  expect(await stored()).toBe(before);
  proxied.broker.thaw();
  expect(await sending).toBe(before);
});

test('refusing, it resets who connects', async () => {
  proxied.broker.refusing = true;
  proxied.broker.cut();
  await expect(writer.send(queue, oneMessage(), 2000)).rejects.toMatchObject({ name: 'TransportError' });
});

/** What the broker holds, asked around the proxy and after its dispatch. */
async function stored(): Promise<number> {
  const reader = direct.openDestination();
  try {
    await reader.dispatched(queue.broker, 10_000);
    return (await reader.range(queue)).max;
  } finally {
    reader.close();
  }
}

function oneMessage(): Batch {
  const body = encodeBatch([{ flag: 0, sysFlag: 0, body: Buffer.from('hello'), properties: [['KEYS', 'a']] }]);
  return { sysFlag: 0, bornTimestamp: Date.now(), parts: [body], bytes: body.length, messages: 1 };
}
