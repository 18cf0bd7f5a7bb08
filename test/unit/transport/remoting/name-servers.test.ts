import { afterEach, expect, test } from 'vitest';
import { SUCCESS, TOPIC_NOT_EXIST } from '../../../../src/remoting/response-codes.ts';
import { openRemotingCluster } from '../../../../src/transport/remoting/cluster.ts';
import type { ClusterAdmin } from '../../../../src/transport/types.ts';
import { fakeServer } from '../../../support/fake-remoting.ts';

const GET_ROUTEINFO_BY_TOPIC = 105;
const ROUTE = JSON.stringify({
  queueDatas: [{ brokerName: 'a', readQueueNums: 1, writeQueueNums: 1, perm: 6 }],
  brokerDatas: [],
});
const NOBODY = '127.0.0.1:1';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A name server that knows every topic or, just started, none; and how often it was asked for one. */
async function nameServer(isFresh: boolean): Promise<{ address: string; asked: () => number }> {
  let asked = 0;
  const peer = await fakeServer((code) => {
    if (code === GET_ROUTEINFO_BY_TOPIC) asked++;
    return isFresh ? { code: TOPIC_NOT_EXIST } : { code: SUCCESS, body: ROUTE };
  });
  closing.push(() => peer.close());
  return { address: peer.address, asked: () => asked };
}

function adminOf(...nameServers: string[]): ClusterAdmin {
  const cluster = openRemotingCluster({ name: 'test', nameServers });
  closing.push(() => {
    cluster.close();
  });
  return cluster.admin;
}

test('a topic that one name server does not know is there where another one knows it, who is asked first from then on', async () => {
  const [fresh, other] = [await nameServer(true), await nameServer(false)];
  const admin = adminOf(fresh.address, other.address);
  expect(await admin.topic('orders')).toMatchObject({ name: 'orders' });
  expect(await admin.topic('orders')).toMatchObject({ name: 'orders' });
  expect(fresh.asked()).toBe(1);
});

test('a topic that no name server knows which answers is not there', async () => {
  const [one, two] = [await nameServer(true), await nameServer(true)];
  expect(await adminOf(one.address, two.address).topic('orders')).toBeUndefined();
  expect(await adminOf(one.address, NOBODY).topic('orders')).toBeUndefined();
  expect(await adminOf(NOBODY, one.address).topic('orders')).toBeUndefined();
});
