import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import type { Cluster } from '../../../src/transport/types.ts';
import { useClusters } from '../../support/clusters.ts';
import type { TestMessage } from '../../support/messages.ts';
import { compareLogs, readLog } from '../../support/oracle/compare.ts';
import { produce } from '../../support/producer.ts';
import { proxyCluster, type ProxiedCluster } from '../../support/proxied-cluster.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { useStack } from '../../support/servers.ts';
import { FULL } from '../../support/sizes.ts';

const ONE_WAY_MS = 100;
/** `npm run bench` measures more than 10,000 a second; machines that test are slow and busy. */
const LEAST_RATE = 1000;
const COUNT = FULL ? 100_000 : 15_000;
const STARTED_MS = 30_000;

const stack = useStack();
const near = useClusters(stack);
let far: ProxiedCluster | undefined;

afterEach(async () => {
  await far?.close();
});

function* messages(): Generator<TestMessage> {
  const body = randomBytes(1024);
  for (let seq = 0; seq < COUNT; seq++) yield { flag: 0, sysFlag: 0, body, properties: [['SEQ', String(seq)]] };
}

/** What a pump had under way at most. */
interface Watched {
  pulls: number;
  batchBytes: number;
}

function watch(cluster: Cluster, watched: Watched): Cluster {
  let pulls = 0;
  return {
    name: cluster.name,
    admin: cluster.admin,
    close: () => undefined,
    openSource: () => {
      const source = cluster.openSource();
      const pull = source.pull.bind(source);
      source.pull = async (queue, request, signal) => {
        watched.pulls = Math.max(watched.pulls, ++pulls);
        return await pull(queue, request, signal).finally(() => pulls--);
      };
      return source;
    },
    openDestination: () => {
      const destination = cluster.openDestination();
      const send = destination.send.bind(destination);
      destination.send = async (queue, batch, timeoutMs) => {
        watched.batchBytes = Math.max(watched.batchBytes, batch.bytes);
        return await send(queue, batch, timeoutMs);
      };
      return destination;
    },
  };
}

/** Copies one queue while this side is far away. */
async function copyFar(side: 'east' | 'west'): Promise<Watched> {
  far = await proxyCluster(stack[side]);
  const cluster = openRemotingCluster({ name: side, nameServers: far.nameServers });
  const watched: Watched = { pulls: 0, batchBytes: 0 };
  const writer = near.east.openDestination();
  try {
    const rig = new PumpRig({
      source: near.east,
      destination: near.west,
      [side === 'east' ? 'source' : 'destination']: watch(cluster, watched),
      topic: `far-${side}-${Date.now()}`,
      fromBroker: stack.east.brokerName,
      toBroker: stack.west.brokerName,
      queues: 1,
    });
    await rig.prepare();
    await produce({ writer, queues: rig.queues, messages: messages() });
    far.broker.latencyMs = ONE_WAY_MS;
    rig.start();
    await rig.reaches(1, STARTED_MS);
    await rig.reaches(COUNT, (COUNT / LEAST_RATE) * 1000);
    await rig.stop();
    const { topic } = rig.queues[0]!;
    const [from, to] = await Promise.all(
      [stack.east, stack.west].map(({ broker }) => readLog(join(broker.folder, 'store'), topic)),
    );
    const exact = { source: COUNT, copied: COUNT, lost: 0, repeated: 0, outOfOrder: 0, changed: 0 };
    expect(compareLogs(from!, to!)).toEqual(exact);
    return watched;
  } finally {
    writer.close();
    cluster.close();
  }
}

describe('R1, R4: one queue over 200 ms of round trip is copied exactly and fast', () => {
  it('from a source that is far away: many pulls are in flight', async () => {
    expect((await copyFar('east')).pulls).toBeGreaterThan(100);
  }, 120_000);

  it('to a destination that is far away: batches are as large as the broker takes', async () => {
    const { batchBytes } = await copyFar('west');
    expect(batchBytes).toBeGreaterThan(3 * 1024 * 1024);
    expect(batchBytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  }, 120_000);
});
