import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import type { Cluster } from '../../../src/transport/types.ts';
import { mixedMessages, take } from '../../support/messages.ts';
import { compareLogs, readLog } from '../../support/oracle/compare.ts';
import { produce } from '../../support/producer.ts';
import { proxyCluster, type ProxiedCluster } from '../../support/proxied-cluster.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { useStack } from '../../support/servers.ts';
import { SEED, SIZES } from '../../support/sizes.ts';
import type { Fate } from '../../support/tcp-proxy.ts';

const SEND_BATCH_MESSAGE = 320;
const QUEUES = 4;
/** A send whose answer is this late was given up before. */
const TOO_LATE_MS = 8000;
const LOSSES = SIZES.kills;
/** A send is given up after 5 s, and settled in a few more. */
const LIMIT_MS = 120_000 + LOSSES * 20_000;

const stack = useStack();
let proxy: ProxiedCluster;
let east: Cluster;
let west: Cluster;
let direct: Cluster;

beforeAll(async () => {
  proxy = await proxyCluster(stack.west);
  east = openRemotingCluster({ name: 'east', nameServers: stack.east.nameServers });
  west = openRemotingCluster({ name: 'west', nameServers: proxy.nameServers });
  direct = openRemotingCluster({ name: 'west', nameServers: stack.west.nameServers });
});

afterAll(async () => {
  for (const cluster of [east, west, direct]) cluster.close();
  await proxy.close();
});

describe('R4: a send whose answer is lost is not repeated', () => {
  it.each<[string, Fate]>([
    ['the connection is cut after the broker stored the batch', 'cut'],
    ['the answer never comes', 'swallow'],
    ['the answer comes too late', { lateMs: TOO_LATE_MS }],
  ])(
    '%s',
    async (_, fate) => {
      await losingAnswers(fate);
    },
    LIMIT_MS,
  );

  it(
    'while the broker is busy, so that the batch is not visible at once',
    async () => {
      const busy = new PumpRig({
        source: east,
        destination: direct,
        topic: `busy-${Date.now()}`,
        fromBroker: stack.east.brokerName,
        toBroker: stack.west.brokerName,
        queues: QUEUES,
      });
      await busy.prepare();
      const writer = direct.openDestination();
      const stop = new AbortController();
      const load = produce({
        writer,
        queues: busy.copies,
        messages: mixedMessages({ count: 1e9, seed: 1, meanBytes: 2000, large: 0, largestBytes: 0 }),
        stop: stop.signal,
      });
      try {
        await losingAnswers('cut');
      } finally {
        stop.abort();
        await load;
        writer.close();
      }
    },
    LIMIT_MS,
  );
});

/** Copies while the answers of some sends are lost, one after the other, and holds the logs against each other. */
async function losingAnswers(fate: Fate): Promise<void> {
  const topic = `lost-${Date.now()}`;
  const rig = new PumpRig({
    source: east,
    destination: west,
    topic,
    fromBroker: stack.east.brokerName,
    toBroker: stack.west.brokerName,
    queues: QUEUES,
  });
  await rig.prepare();
  const writer = east.openDestination();
  const chunk = Math.ceil(SIZES.messages / 2 / LOSSES);
  const count = chunk * LOSSES;
  const all = mixedMessages({ count, seed: SEED, meanBytes: 2000, large: 2, largestBytes: 1_000_000 });
  rig.start();
  for (let loss = 1; loss <= LOSSES; loss++) {
    const lost = proxy.broker.loseAnswer(SEND_BATCH_MESSAGE, fate);
    await produce({ writer, queues: rig.queues, messages: take(all, chunk) });
    await lost;
    await rig.reaches(chunk * loss, 60_000);
  }
  writer.close();
  await rig.drained(60_000);
  const { counters, repeats } = await rig.stop();
  expect(counters.settled, 'queues that had to settle a send').toBeGreaterThanOrEqual(LOSSES);
  expect(counters.copied, 'those that were found stored count').toBe(count);
  expect([...rig.repeats, ...repeats!]).toEqual([]);
  const source = await readLog(join(stack.east.broker.folder, 'store'), topic);
  const destination = await readLog(join(stack.west.broker.folder, 'store'), topic);
  expect(compareLogs(source, destination)).toEqual({
    source: count,
    copied: count,
    lost: 0,
    repeated: 0,
    outOfOrder: 0,
    changed: 0,
  });
}
