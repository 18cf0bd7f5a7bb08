import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRemotingCluster } from '../../src/transport/remoting/cluster.ts';
import type { Cluster, TopicConfig } from '../../src/transport/types.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { startBroker, useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

/** From its creation until what is new is copied. */
const FOUND_WITHIN_MS = 60_000;
const PLAIN: TopicConfig = { readQueues: 4, writeQueues: 4, perm: 6, order: false, attributes: {} };
const EXACT = { lost: 0, repeated: 0, outOfOrder: 0, changed: 0 };

const stack = useStack();
let east: Cluster;
let west: Cluster;
let worker: WorkerProcess;
let live: LiveReplication;

beforeAll(async () => {
  east = openRemotingCluster({ name: 'east', nameServers: stack.east.nameServers });
  west = openRemotingCluster({ name: 'west', nameServers: stack.west.nameServers });
  worker = await WorkerProcess.start(stack);
  live = await LiveReplication.create(stack);
});
afterAll(async () => {
  await live.close();
  await worker.stop();
  east.close();
  west.close();
});

const some = (count: number, seed: number) => mixedMessages({ count, seed, meanBytes: 200, large: 0, largestBytes: 0 });

function putTopic(topic: string, config: Partial<TopicConfig> = {}): Promise<void> {
  return east.admin.putTopic(stack.east.brokerName, topic, { ...PLAIN, ...config });
}

/** Produces to queues of a topic of the source, once its name server knows them. */
async function produce(topic: string, ids: readonly number[], count: number): Promise<void> {
  await eventually(
    30_000,
    async () => ((await east.admin.topic(topic))?.brokers[0]?.writeQueues ?? 0) > Math.max(...ids),
  );
  await live.produceTo(
    ids.map((id) => ({ topic, broker: stack.east.brokerName, id })),
    some(count, ids.length),
  );
}

async function arrives(topic: string, ids: readonly number[], count: number): Promise<void> {
  await eventually(FOUND_WITHIN_MS, async () => {
    const queues = ids.map((id) => ({ topic, broker: stack.west.brokerName, id }));
    const ranges = await Promise.all(queues.map((queue) => west.admin.range(queue)));
    return ranges.reduce((sum, { max }) => sum + max, 0) === count;
  });
}

test('R1: new queues and new topics of a pattern are copied from their first message, within a minute', async () => {
  const { topic } = live;
  await live.produce(some(100, 1));
  await putTopic(`${topic}-test`);
  // what was there before the start is not copied, by `latest`; what appears later is copied whole
  await live.start({ topics: [`${topic}*`], exclude: ['*-test'], start: 'latest', parallelism: 2 });
  await eventually(30_000, async () => (await live.status()).state === 'RUNNING');
  expect(await live.status()).toMatchObject({ topics: [topic], leftOut: [] });
  const { historyLength } = await (await live.handle()).describe();

  await putTopic(topic, { readQueues: 6, writeQueues: 6 });
  await putTopic(`${topic}-new`, { readQueues: 2, writeQueues: 2 });
  await putTopic(`${topic}-raw`, { readQueues: 1, writeQueues: 1, perm: 2 });
  await putTopic(`${topic}-more-test`);
  await produce(topic, [4, 5], 50);
  await produce(`${topic}-new`, [0, 1], 50);
  await arrives(topic, [4, 5], 50);
  await arrives(`${topic}-new`, [0, 1], 50);
  expect(await live.verdict([], `${topic}-new`)).toEqual({ source: 50, copied: 50, ...EXACT });

  const status = await eventually(FOUND_WITHIN_MS, async () => {
    const now = await live.status();
    return now.leftOut.length > 0 && now;
  });
  expect(status.topics).toEqual([topic, `${topic}-new`]);
  expect(status.leftOut).toEqual([expect.stringContaining(`${topic}-raw cannot be read on the source`)]);
  expect(status.shards.map(({ queues }) => queues)).toEqual([4, 4]);
  expect(await west.admin.topic(`${topic}-test`)).toBeUndefined();
  expect(await west.admin.topicConfig(stack.west.brokerName, topic)).toMatchObject({ writeQueues: 6 });

  // before: what was there at the start; after: copied on through it all
  await live.produce(some(40, 9));
  await eventually(30_000, async () => (await live.copied()) === 40);
  const { lost, repeated, outOfOrder } = await live.verdict();
  expect({ lost, repeated, outOfOrder }).toEqual({ lost: 100, repeated: 0, outOfOrder: 0 });
  const after = await (await live.handle()).describe();
  console.log(`history grew by ${after.historyLength - historyLength} events`);
}, 300_000);

test.runIf(FULL)(
  'R1: queues on a broker that joins the source are copied, within a minute',
  async () => {
    const { topic } = live;
    const joined = await startBroker({ name: 'joined', joins: { cluster: stack.east, brokerName: 'east-b' } });
    try {
      const broker = joined.brokerName;
      await eventually(30_000, async () => (await east.admin.brokers()).some(({ name }) => name === broker));
      await east.admin.putTopic(broker, topic, { ...PLAIN, readQueues: 2, writeQueues: 2 });
      await eventually(30_000, async () => (await east.admin.topic(topic))?.brokers.length === 2);
      const before = await west.admin.topicConfig(stack.west.brokerName, topic);
      await live.produceTo(
        [0, 1].map((id) => ({ topic, broker, id })),
        some(30, 5),
      );
      await arrives(topic, [before!.writeQueues, before!.writeQueues + 1], 30);
    } finally {
      await joined.remove();
    }
  },
  180_000,
);

test('a topic that is added by updateConfig starts as the replication does; one that is not there is refused', async () => {
  const { topic } = live;
  const handle = await live.handle();
  const named = `added-${topic}`;
  const topics = [`${topic}*`, named];
  expect(await handle.executeUpdate('updateConfig', { args: [{ topics }] })).toEqual({
    done: false,
    reason: `topics[1]: topic ${named} does not exist on east; expected an existing topic`,
  });
  await putTopic(named, { readQueues: 1, writeQueues: 1 });
  await produce(named, [0], 20);
  expect(await handle.executeUpdate('updateConfig', { args: [{ topics }] })).toEqual({ done: true, state: 'RUNNING' });
  await produce(named, [0], 5);
  await arrives(named, [0], 5);
}, 120_000);
