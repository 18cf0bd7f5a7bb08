import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TransportError } from '../../../src/transport/errors.ts';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import type { Batch, Cluster, Destination, OffsetSource, Queue, TopicConfig } from '../../../src/transport/types.ts';
import { eventually } from '../../support/eventually.ts';
import { encodeBatch } from '../../support/messages.ts';
import { type PrivateCluster, startBroker } from '../../support/servers.ts';

/** Longer than a first download of the servers takes. */
const START_TIMEOUT_MS = 600_000;
const TOPIC: TopicConfig = { readQueues: 4, writeQueues: 4, perm: 6, order: false, attributes: {} };
const MESSAGE: Batch = (() => {
  const bytes = encodeBatch([{ flag: 0, sysFlag: 0, body: Buffer.from('x'), properties: [] }]);
  return { sysFlag: 0, bornTimestamp: 1, parts: [bytes], bytes: bytes.length, messages: 1 };
})();

async function failure(promise: Promise<unknown>): Promise<TransportError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TransportError);
  return error as TransportError;
}

describe('a broker that flushes synchronously, freezes, dies', () => {
  let servers: PrivateCluster;
  let cluster: Cluster;
  let source: OffsetSource;
  let destination: Destination;
  const queue = (id: number): Queue => ({ topic: 'outages', broker: servers.brokerName, id });

  beforeAll(async () => {
    servers = await startBroker({ name: 'outage', brokerSettings: { flushDiskType: 'SYNC_FLUSH' } });
    cluster = openRemotingCluster({ name: 'outage', nameServers: servers.nameServers });
    source = cluster.openSource();
    destination = cluster.openDestination();
    await cluster.admin.putTopic(servers.brokerName, 'outages', TOPIC);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    for (const end of [source, destination, cluster]) end.close();
    await servers.remove();
  });

  test('what it acknowledged is readable after the barrier, while others write', async () => {
    const done = new AbortController();
    const others = (async () => {
      while (!done.signal.aborted) await destination.send(queue(3), MESSAGE, 5_000);
    })();
    for (let sent = 1; sent <= 20; sent++) {
      await destination.send(queue(0), MESSAGE, 5_000);
      await destination.dispatched(servers.brokerName, 10_000);
      expect((await destination.range(queue(0))).max).toBe(sent);
    }
    done.abort();
    await others;
  });

  test('frozen: every call fails in its time, and works again when it thaws', async () => {
    const { max } = await source.range(queue(1));
    servers.broker.freeze();
    const started = performance.now();
    const sent = await failure(destination.send(queue(1), MESSAGE, 500));
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(sent).toMatchObject({ answered: false, retryable: true, refusedForGood: false });
    expect(sent.message).toContain('no answer within 500 ms');
    const pulled = await failure(source.pull(queue(1), { offset: max, maxMessages: 1, waitMs: 0 }));
    expect(pulled.message).toContain('PULL_MESSAGE');
    await failure(destination.dispatched(servers.brokerName, 300));
    expect(performance.now() - started).toBeLessThan(10_000);
    servers.broker.thaw();
    await eventually(20_000, () => destination.send(queue(2), MESSAGE, 2_000).then(() => true));
  });

  test('killed and restarted: locks are reported lost, the same objects go on', async () => {
    const lost: string[] = [];
    const stop = destination.onLocksLost((broker) => lost.push(broker));
    const key = queue(0);
    expect(await destination.lock(servers.brokerName, 'locks', 'me', [key])).toEqual([key]);
    const { max } = await source.range(queue(0));
    const held = failure(source.pull(queue(0), { offset: max, maxMessages: 1, waitMs: 20_000 }));
    await source.range(queue(0));
    await servers.broker.kill();
    expect((await held).answered).toBe(false);
    await eventually(5_000, () => lost.includes(servers.brokerName));
    stop();
    const refused = await failure(destination.send(queue(0), MESSAGE, 3_000));
    expect(refused).toMatchObject({ answered: false, retryable: true, refusedForGood: false });
    // the name server may have noticed first
    expect(refused.message).toMatch(/broker outage-a.*ECONNREFUSED|no master of broker outage-a/);
    await servers.broker.start();
    const offset = await eventually(30_000, () => destination.send(queue(0), MESSAGE, 3_000));
    expect(offset).toBe(max);
    expect((await source.pull(queue(0), { offset, maxMessages: 1, waitMs: 5_000 })).kind).toBe('messages');
    expect(await destination.lock(servers.brokerName, 'locks', 'another', [key])).toEqual([key]);
  }, 120_000);

  test('without its name server, what is known goes on', async () => {
    await servers.nameServer.kill();
    expect(await destination.send(queue(2), MESSAGE, 3_000)).toBeGreaterThan(0);
    expect((await failure(cluster.admin.topic('outages'))).message).toContain('cluster outage, name server');
    // Started again it knows no broker at first.
    await servers.nameServer.start();
    const fresh = cluster.openSource();
    expect((await fresh.range(queue(2))).max).toBeGreaterThan(1);
    fresh.close();
    expect(await eventually(60_000, () => cluster.admin.topic('outages'))).toBeDefined();
  }, 120_000);
});
