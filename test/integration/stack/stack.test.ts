import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createExampleTopic } from '../../../src/cli/example-topic.ts';
import { stackStatus, stackUp } from '../../../src/stack/stack.ts';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import { testSlot, useStack } from '../../support/servers.ts';

const stack = useStack();
const all = () => [
  stack.temporal,
  ...[stack.east, stack.west].flatMap((cluster) => [cluster.nameServer, cluster.broker]),
];
const options = () => ({ ...testSlot(), proxies: false, progress: () => undefined });

describe('stack up', () => {
  test('a second time changes nothing', async () => {
    const before = all().map((server) => server.pid);
    const status = await stackUp(options());
    expect(status).toEqual(stackStatus(options()));
    expect(status.running).toBe(true);
    expect(all().map((server) => server.pid)).toEqual(before);
  });

  test('starts again only what was killed', async () => {
    const [before, east] = [all().map((server) => server.pid), stack.east.broker.pid];
    await stack.east.broker.kill();
    expect(stackStatus(options()).running).toBe(false);
    await stackUp(options());
    const after = all().map((server) => server.pid);
    expect(stack.east.broker.pid).not.toBe(east);
    expect(after.filter((pid, index) => pid !== before[index])).toEqual([stack.east.broker.pid]);
  });

  test('names a port that somebody else uses, and starts nothing', async () => {
    await stack.temporal.kill();
    const { port } = stack.temporal;
    const foreign = createServer().listen(port, '127.0.0.1');
    await once(foreign, 'listening');
    try {
      await expect(stackUp(options())).rejects.toThrow(`port ${port}, wanted for temporal, is in use by `);
      expect(stack.temporal.pid).toBeUndefined();
    } finally {
      foreign.close();
      await once(foreign, 'close');
    }
    await stackUp(options());
    expect(stack.temporal.pid).toBeDefined();
  });
});

test('what its configuration copies is there, and stays as it was made', async () => {
  const { clusters } = stackStatus(options());
  const east = openRemotingCluster({ name: 'east', nameServers: clusters.east.nameServers });
  try {
    await createExampleTopic({ clusters });
    const queues = async () => (await east.admin.topic('orders'))?.brokers.map(({ readQueues }) => readQueues);
    expect(await queues()).toEqual([4]);
    const wider = { readQueues: 6, writeQueues: 6, perm: 6, order: false, attributes: {} };
    await east.admin.putTopic(stack.east.brokerName, 'orders', wider);
    await createExampleTopic({ clusters });
    expect(await queues()).toEqual([6]);
  } finally {
    east.close();
  }
});

describe('a server of the stack', () => {
  test('frozen does not answer, thawed it is the same process', async () => {
    const { pid } = stack.east.broker;
    stack.east.broker.freeze();
    await expect(stack.east.broker.waitUntilReady(500)).rejects.toThrow('east-broker was not ready after 0.5 s');
    stack.east.broker.thaw();
    await stack.east.broker.waitUntilReady();
    expect(stack.east.broker.pid).toBe(pid);
  });
});
