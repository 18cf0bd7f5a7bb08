import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRemotingCluster } from '../../../../src/transport/remoting/cluster.ts';
import type { Cluster, Queue } from '../../../../src/transport/types.ts';
import type { FakePeer } from '../../../support/fake-peer.ts';
import { fakeNameServer, fakeServer, type FakeAnswer } from '../../../support/fake-remoting.ts';

const PULL_MESSAGE = 11;
const PULL_NOT_FOUND = 19;
const PULL_RETRY_IMMEDIATELY = 20;
const QUEUE: Queue = { topic: 't', broker: 'a', id: 0 };
const AT_END = { offset: 5, maxMessages: 1, waitMs: 15_000 };

let replicas: Record<number, string>;
let master: FakePeer;
let slave: FakePeer;
let names: FakePeer;
let cluster: Cluster;
let slavePull: FakeAnswer;
let now: number;

beforeEach(async () => {
  now = performance.now();
  slavePull = { fields: { nextBeginOffset: 6, minOffset: 0, maxOffset: 6 } };
  master = await fakeServer((code) =>
    code === PULL_MESSAGE
      ? { code: PULL_NOT_FOUND, fields: { nextBeginOffset: 5, minOffset: 0, maxOffset: 5 } }
      : { fields: { offset: 8 } },
  );
  slave = await fakeServer((code) => (code === PULL_MESSAGE ? slavePull : { fields: { offset: 6 } }));
  replicas = { 1: slave.address };
  names = await fakeNameServer(() => ({ a: replicas }));
  cluster = openRemotingCluster({ name: 'test', nameServers: [names.address] });
});

afterEach(async () => {
  cluster.close();
  await Promise.all([master.close(), slave.close(), names.close()]);
});

test('without a master messages are read from a slave, and what it holds is known to be a part', async () => {
  const source = cluster.openSource();
  expect(await source.range(QUEUE)).toEqual({ min: 6, max: 6, isOfSlave: true });
  expect(await source.pull(QUEUE, AT_END)).toMatchObject({ kind: 'messages', nextOffset: 6 });
  source.close();
});

test.each([
  [
    'ends before the offset',
    { code: PULL_RETRY_IMMEDIATELY, fields: { nextBeginOffset: 4, minOffset: 0, maxOffset: 4 } },
  ],
  [
    'begins behind the offset',
    { code: PULL_RETRY_IMMEDIATELY, fields: { nextBeginOffset: 7, minOffset: 7, maxOffset: 9 } },
  ],
  ['has nothing new', { code: PULL_NOT_FOUND, fields: { nextBeginOffset: 5, minOffset: 0, maxOffset: 5 } }],
])('R8: a slave that %s is no evidence of anything', async (_what, answer) => {
  const source = cluster.openSource();
  slavePull = answer;
  await expect(source.pull(QUEUE, AT_END)).rejects.toMatchObject({
    retryable: true,
    message: expect.stringMatching(
      /^broker a has no master; its slave holds t\/0 from offset \d up to \d, .* at 5 when/,
    ) as string,
  });
  source.close();
});

test('writes, offsets, and what copies are read back from wait for the master', async () => {
  const source = cluster.openSource();
  const destination = cluster.openDestination();
  for (const refused of [
    source.commit('g', QUEUE, 1),
    source.committed('g', QUEUE),
    destination.range(QUEUE),
    destination.pull(QUEUE, AT_END),
    destination.lock('a', 'g', 'me', [QUEUE]),
    cluster.admin.range(QUEUE),
  ])
    await expect(refused).rejects.toThrow('know no master of broker a; they know a (no master)');
  source.close();
  destination.close();
});

test('the master is asked again soon after it is back, and a slave no more', async () => {
  const source = cluster.openSource();
  expect(await source.range(QUEUE)).toMatchObject({ isOfSlave: true });
  replicas = { 0: master.address, 1: slave.address };
  await expect.poll(() => source.range(QUEUE), { timeout: 10_000 }).toEqual({ min: 8, max: 8 });
  expect(performance.now() - now).toBeLessThan(8_000);
  expect(await source.pull(QUEUE, AT_END)).toMatchObject({ kind: 'nothing' });
  source.close();
});
