import { afterEach, expect, test } from 'vitest';
import type { Command } from '../../../../src/remoting/protocol/command.ts';
import { openRemotingCluster } from '../../../../src/transport/remoting/cluster.ts';
import type { AccessAnswer } from '../../../../src/transport/types.ts';
import { fakeNameServer, fakeServer } from '../../../support/fake-remoting.ts';

const NO_PERMISSION = 16;
const INVALID = 29;
const RUNTIME_INFO = 28;
const LOCK = 41;
const UNLOCK = 42;
const BROKER_CONFIG = 26;
const ALL_GROUPS = 201;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What a broker of this version is asked, and what is made of it when it refuses access to some requests and everything else otherwise. */
async function ask(
  version: string,
  refused: number[],
  locks: boolean,
): Promise<{ answers: AccessAnswer[]; requests: Command[] }> {
  const requests: Command[] = [];
  const broker = await fakeServer((code, request) => {
    if (code === RUNTIME_INFO) return { body: JSON.stringify({ table: { brokerVersionDesc: version } }) };
    requests.push(request);
    if (refused.includes(code)) return { code: NO_PERMISSION };
    if (code === UNLOCK) return {};
    if (code === BROKER_CONFIG) return { body: 'autoCreateSubscriptionGroup=false\n' };
    if (code === ALL_GROUPS) return { body: '{"subscriptionGroupTable":{}}' };
    if (code !== LOCK) return { code: INVALID };
    const { mqSet } = JSON.parse(request.body.toString()) as { mqSet: object[] };
    return { body: JSON.stringify({ lockOKMQSet: locks ? mqSet : [] }) };
  });
  const names = await fakeNameServer(() => ({ a: { 0: broker.address } }));
  const cluster = openRemotingCluster({ name: 'test', nameServers: [names.address] });
  closing.push(
    () => broker.close(),
    () => names.close(),
    () => {
      cluster.close();
    },
  );
  const question = { topic: 'orders', group: 'FLOW', writes: true, createsTopic: true };
  return { answers: await cluster.admin.access('a', question), requests };
}

const refusedOf = (answers: readonly AccessAnswer[]) =>
  answers.filter(({ refusal }) => refusal !== undefined).map(({ request }) => request);

test.each(['V5_5_0', 'V4_4_0'])('%s: only a refusal of access is one; each is named', async (version) => {
  expect(refusedOf((await ask(version, [], true)).answers)).toEqual([]);
  expect(refusedOf((await ask(version, [11, 320, 17], true)).answers)).toEqual([
    'PULL_MESSAGE',
    'SEND_BATCH_MESSAGE',
    'UPDATE_AND_CREATE_TOPIC',
  ]);
});

test.each(['V5_5_0', 'V4_4_0'])(
  '%s: no request names a queue that there is, nor holds what it takes to change something',
  async (version) => {
    const { requests } = await ask(version, [], true);
    for (const { code, fields, body } of requests) {
      const queue = fields.queueId ?? fields.e ?? '2147483647';
      expect([code, queue]).toEqual([code, '2147483647']);
      // a commit without a number, a group without a body, a topic without its settings or with a wrong attribute
      if (code === 15) expect(fields.commitOffset).toBe('none');
      if (code === 200 || code === 320) expect(body).toHaveLength(0);
      if (code === 17)
        expect([fields.attributes, fields.readQueueNums]).toEqual(
          version === 'V5_5_0' ? ['none', '0'] : [undefined, undefined],
        );
    }
    // 4.x would take any commit
    expect(requests.some(({ code }) => code === 15)).toBe(version === 'V5_5_0');
  },
);

test('a lock that is not given is a refusal; one that is given is released', async () => {
  expect(refusedOf((await ask('V5_5_0', [], false)).answers)).toEqual(['LOCK_BATCH_MQ']);
  const { requests } = await ask('V5_5_0', [], true);
  const [lock, unlock] = [LOCK, UNLOCK].map((wanted) => requests.find(({ code }) => code === wanted)?.body.toString());
  expect(unlock).toBe(lock);
});

test('no answer is no answer', async () => {
  const cluster = openRemotingCluster({ name: 'test', nameServers: ['127.0.0.1:1'] });
  closing.push(() => {
    cluster.close();
  });
  const question = { topic: 'orders', group: 'FLOW', writes: false, createsTopic: false };
  await expect(cluster.admin.access('a', question)).rejects.toThrow('127.0.0.1:1');
});
