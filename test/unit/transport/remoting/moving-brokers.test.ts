import { afterEach, expect, test } from 'vitest';
import { openRemotingCluster } from '../../../../src/transport/remoting/cluster.ts';
import type { Cluster, Queue } from '../../../../src/transport/types.ts';
import { type FakePeer, fakePeer } from '../../../support/fake-peer.ts';
import { type FakeAnswer, fakeNameServer, fakeServer } from '../../../support/fake-remoting.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function server(answer: () => FakeAnswer | undefined): Promise<FakePeer> {
  const peer = await fakeServer(answer);
  closing.push(() => peer.close());
  return peer;
}

/** Each broker has a slave as well, which nobody asks. */
async function nameServer(brokers: () => Record<string, string>): Promise<FakePeer> {
  const peer = await fakeNameServer(() =>
    Object.fromEntries(Object.entries(brokers()).map(([name, address]) => [name, { 0: address, 1: '127.0.0.1:2' }])),
  );
  closing.push(() => peer.close());
  return peer;
}

function open(...nameServers: string[]): Cluster {
  const cluster = openRemotingCluster({ name: 'test', nameServers });
  closing.push(() => {
    cluster.close();
  });
  return cluster;
}

const QUEUE: Queue = { topic: 't', broker: 'a', id: 0 };

test('a broker that moves is found at its new address by the call after the one that failed', async () => {
  const first = await server(() => ({ fields: { offset: 1 } }));
  const second = await server(() => ({ fields: { offset: 2 } }));
  let address = first.address;
  const names = await nameServer(() => ({ a: address }));
  const source = open(names.address).openSource();
  closing.push(() => {
    source.close();
  });
  expect(await source.range(QUEUE)).toEqual({ min: 1, max: 1 });
  await first.close();
  address = second.address;
  await expect(source.range(QUEUE)).rejects.toMatchObject({ retryable: true, answered: false });
  expect(await source.range(QUEUE)).toEqual({ min: 2, max: 2 });
});

test('a lost lock connection is reported', async () => {
  const broker = await server(() => ({ body: '{"lockOKMQSet":[]}' }));
  const names = await nameServer(() => ({ a: broker.address }));
  const destination = open(names.address).openDestination();
  closing.push(() => {
    destination.close();
  });
  const lost: string[] = [];
  destination.onLocksLost((name) => lost.push(name));
  await destination.lock('a', 'g', 'me', [QUEUE]);
  expect(lost).toEqual([]);
  for (const socket of broker.sockets) socket.destroy();
  await expect.poll(() => lost).toEqual(['a']);
});

test('a failed send has cut its connection, and only that one', async () => {
  let silent = false;
  const broker = await server(() => (silent ? undefined : { fields: { queueOffset: 5, offset: 5 }, body: '{}' }));
  const names = await nameServer(() => ({ a: broker.address }));
  const destination = open(names.address).openDestination();
  closing.push(() => {
    destination.close();
  });
  const lost: string[] = [];
  destination.onLocksLost((name) => lost.push(name));
  const batch = { sysFlag: 0, bornTimestamp: 0, parts: [Buffer.from('x')], bytes: 1, messages: 1 };
  await destination.lock('a', 'g', 'me', [QUEUE]);
  expect(await destination.send(QUEUE, batch, 2_000)).toBe(5);
  const [locks, sends] = broker.sockets;
  silent = true;
  const cut = new Promise((resolve) => sends!.on('error', resolve));
  await expect(destination.send(QUEUE, batch, 200)).rejects.toMatchObject({ answered: false });
  expect(await cut).toMatchObject({ code: 'ECONNRESET' });
  expect(locks!.destroyed).toBe(false);
  expect(lost).toEqual([]);
  silent = false;
  expect(await destination.send(QUEUE, batch, 2_000)).toBe(5);
});

test('a name server that has just started and knows nobody does not make known brokers unknown', async () => {
  const broker = await server(() => ({ fields: { offset: 1 } }));
  let brokers: Record<string, string> = { a: broker.address };
  const names = await nameServer(() => brokers);
  const source = open(names.address).openSource();
  closing.push(() => {
    source.close();
  });
  await source.range(QUEUE);
  brokers = {};
  for (const socket of broker.sockets) socket.destroy();
  await expect.poll(() => source.range(QUEUE).catch(() => undefined)).toEqual({ min: 1, max: 1 });
});

test('garbage, a wrong answer and an unusable address are transport errors that say what came', async () => {
  const broker = await server(() => ({ fields: {} }));
  const names = await nameServer(() => ({ a: broker.address, odd: 'nowhere' }));
  const source = open(names.address).openSource();
  closing.push(() => {
    source.close();
  });
  await expect(source.range(QUEUE)).rejects.toThrow(/cluster test, broker a: GET_M.._OFFSET .* header field offset/);
  await expect(source.range({ ...QUEUE, broker: 'odd' })).rejects.toThrow('"nowhere": expected host:port');
  const web = await fakePeer((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  closing.push(() => web.close());
  const failure = await open(web.address)
    .admin.brokers()
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'TransportError', retryable: true, address: web.address });
  expect((failure as Error).message).toContain('"HTTP"');
  expect(() => open('nowhere')).toThrow(RangeError);
});

test('a broker that has no figures yet is asked again', async () => {
  let asked = 0;
  const broker = await server(() => (++asked < 3 ? { code: 1 } : { body: '{"table":{"brokerVersionDesc":"V4_4_0"}}' }));
  const names = await nameServer(() => ({ a: broker.address }));
  expect(await open(names.address).admin.brokerVersion('a')).toBe('V4_4_0');
});
