import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { LiveReplication } from '../../support/live-replication.ts';
import { mixedMessages } from '../../support/messages.ts';
import { useStack } from '../../support/servers.ts';
import { FULL } from '../../support/sizes.ts';
import { WorkerProcess } from '../../support/worker-process.ts';

/** At full size only: what pumps report once a minute must be seen more than once. */
const MEASURED_MS = 600_000;
const EVENTS_A_MINUTE = 8;
const PUMPS = 8;
const MESSAGES_A_SECOND = 200;

const stack = useStack();
let worker: WorkerProcess;
let live: LiveReplication;

beforeAll(async () => {
  if (!FULL) return;
  worker = await WorkerProcess.start(stack);
  live = await LiveReplication.create(stack);
});
afterAll(async () => {
  if (!FULL) return;
  await live.close();
  await worker.stop();
});

test.runIf(FULL)(
  `busy copying with ${PUMPS} pumps adds less than ${EVENTS_A_MINUTE} history events a minute`,
  async () => {
    const east = openRemotingCluster({ name: 'east', nameServers: stack.east.nameServers });
    const size = { readQueues: PUMPS, writeQueues: PUMPS, perm: 6, order: false, attributes: {} };
    await east.admin.putTopic(stack.east.brokerName, live.topic, size);
    await eventually(30_000, async () => (await east.admin.topic(live.topic))?.brokers[0]?.readQueues === PUMPS);
    east.close();
    const queues = Array.from({ length: PUMPS }, (_, id) => ({ ...live.queues[0]!, id }));
    const count = Math.ceil((MESSAGES_A_SECOND * MEASURED_MS) / 1000) * 2;
    await live.produceTo(queues, mixedMessages({ count, seed: 1, meanBytes: 100, large: 0, largestBytes: 0 }));
    await live.start({ parallelism: PUMPS, rateLimit: { messagesPerSecond: MESSAGES_A_SECOND } });
    const handle = await live.handle();
    await live.reaches(100, 30_000);
    expect((await live.status()).shards).toHaveLength(PUMPS);

    const before = (await handle.describe()).historyLength;
    await pass(MEASURED_MS);
    const added = (await handle.describe()).historyLength - before;

    console.log(`${added} history events in ${MEASURED_MS / 1000} s`);
    expect(added).toBeLessThan((EVENTS_A_MINUTE * MEASURED_MS) / 60_000);
    expect(await live.copied()).toBeGreaterThan(0);
    expect(await live.copied()).toBeLessThan(count);
  },
  MEASURED_MS + 120_000,
);
