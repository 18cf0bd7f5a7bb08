import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../../../src/remoting/call.ts';
import { Connection } from '../../../src/remoting/network/connection.ts';
import { parseAddress } from '../../../src/remoting/network/open-link.ts';
import { pullMessage } from '../../../src/remoting/requests/pull-message.ts';
import { SUCCESS } from '../../../src/remoting/response-codes.ts';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import type { Cluster, Destination } from '../../../src/transport/types.ts';
import { eventually } from '../../support/eventually.ts';
import { mixedMessages } from '../../support/messages.ts';
import { compareLogs, readLog } from '../../support/oracle/compare.ts';
import { produce } from '../../support/producer.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { startBroker, useStack, type PrivateCluster } from '../../support/servers.ts';
import { FULL } from '../../support/sizes.ts';

const QUEUES = 2;
const HALF = 300;
const TOTAL = 3 * HALF;
/** Longer than a first download of the servers takes. */
const START_TIMEOUT_MS = 600_000;

const stack = useStack();
let origin: PrivateCluster;
let slave: PrivateCluster;
let source: Cluster;
let west: Cluster;
let writer: Destination;

beforeAll(async () => {
  const sync = { brokerIP2: '127.0.0.1', slaveReadEnable: true };
  origin = await startBroker({ name: 'mastered', brokerSettings: sync });
  slave = await startBroker({
    name: 'slave',
    joins: { cluster: origin, brokerName: origin.brokerName },
    brokerSettings: { ...sync, brokerId: 1, brokerRole: 'SLAVE' },
  });
  source = openRemotingCluster({ name: 'mastered', nameServers: origin.nameServers });
  west = openRemotingCluster({ name: 'west', nameServers: stack.west.nameServers });
  writer = source.openDestination();
}, START_TIMEOUT_MS);

afterAll(async () => {
  for (const end of [writer, source, west]) end.close();
  await slave.remove();
  await origin.remove();
});

// takes minutes, most of it for a slave to follow its master
test.runIf(FULL)(
  'R8: the source master is gone: what its slave has is copied; what the slave lacks is waited for, and is no gap',
  async () => {
    const rig = new PumpRig({
      source,
      destination: west,
      topic: `slave-${Date.now()}`,
      fromBroker: origin.brokerName,
      toBroker: stack.west.brokerName,
      queues: QUEUES,
    });
    await rig.prepare();
    const produced = (messages: number) =>
      produce({
        writer,
        queues: rig.queues,
        messages: mixedMessages({ count: messages, seed: 1, meanBytes: 500, large: 0, largestBytes: 0 }),
      });
    const saysItHasNoMaster = () =>
      eventually(30_000, () => rig.progress?.troubles.some((trouble) => trouble.includes('no master')));

    await produced(HALF);
    await slaveHolds(rig, HALF);
    rig.start({ rateLimit: { messagesPerSecond: 50 } });
    await rig.reaches(50, 30_000);
    await origin.broker.kill();
    await rig.reaches(HALF, 60_000);
    await saysItHasNoMaster();
    expect(rig.report?.blocked ?? []).toEqual([]);

    await origin.broker.start();
    await slave.broker.kill();
    await produced(HALF);
    await rig.reaches(2 * HALF, 60_000);
    await origin.broker.kill();
    // it ends before what was copied
    await slave.broker.start();
    await saysItHasNoMaster();
    await eventually(30_000, () => rig.progress?.troubles.some((trouble) => trouble.includes('its slave holds')));
    expect(rig.progress).toMatchObject({ blocked: 0 });

    await origin.broker.start();
    await produced(HALF);
    await rig.reaches(TOTAL, 60_000);
    expect((await rig.stop()).counters.repeated).toBe(0);
    const { topic } = rig.queues[0]!;
    const log = await readLog(join(stack.west.broker.folder, 'store'), topic);
    expect(compareLogs(await readLog(join(origin.broker.folder, 'store'), topic), log)).toMatchObject({
      copied: TOTAL,
      lost: 0,
      repeated: 0,
      outOfOrder: 0,
      changed: 0,
    });
    expect(await source.admin.committed(rig.group, rig.queues[0]!), 'checkpoints are kept by the master').toBe(
      TOTAL / QUEUES,
    );
  },
  300_000,
);

/** The slave gives the last message of each queue: it has all messages, and knows the topic, for which it asks its master every 10 s only. */
async function slaveHolds(rig: PumpRig, messages: number): Promise<void> {
  const connection = new Connection(parseAddress(slave.broker.address));
  const last = { group: 'TOOLS_CONSUMER', offset: messages / QUEUES - 1, maxMessages: 1, waitMs: 0 };
  for (const { topic, broker, id } of rig.queues)
    await eventually(60_000, async () => {
      const pulled = await call(connection, pullMessage, { ...last, topic, broker, queue: id }, { timeoutMs: 5000 });
      return pulled.code === SUCCESS;
    });
  connection.close();
}
