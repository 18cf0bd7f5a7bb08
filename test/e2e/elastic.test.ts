import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { workflowId } from '../../src/replication/names.ts';
import { placementOf } from '../../src/temporal/placement.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const stack = useStack();
let connection: Connection;
let live: LiveReplication;
let workers: WorkerProcess[];

beforeAll(async () => {
  connection = await Connection.connect({ address: stack.temporal.address });
});
afterAll(() => connection.close());

beforeEach(async () => {
  workers = [];
  live = await LiveReplication.create(stack);
});

afterEach(async () => {
  await live.close();
  await Promise.all(workers.map((worker) => worker.stop()));
});

async function startWorker(): Promise<WorkerProcess> {
  const worker = await WorkerProcess.start(stack);
  workers.push(worker);
  return worker;
}

/** Starts a replication that takes about `seconds` to copy this many messages. */
async function copying(count: number, seconds: number, parallelism: number): Promise<void> {
  await live.produce(mixedMessages({ count, seed: 1, meanBytes: 200, large: 0, largestBytes: 0 }));
  await live.start({ parallelism, rateLimit: { messagesPerSecond: Math.ceil(count / seconds) } });
  await live.reaches(1, 20_000);
}

/** Pumps by worker, sorted. */
async function shares(): Promise<number[]> {
  const { pumps } = await placementOf(new Client({ connection }), workflowId(live.name));
  const counts = new Map<string, number>();
  for (const { worker = 'none' } of pumps) counts.set(worker, (counts.get(worker) ?? 0) + 1);
  return [...counts.values()].sort();
}

const EXACT = { lost: 0, repeated: 0, outOfOrder: 0, changed: 0 };

test('R6: a worker that joins gets its part within a minute; nothing is lost or repeated', async () => {
  await startWorker();
  await copying(4000, 50, 4);
  await eventually(20_000, async () => (await shares()).join() === '4');
  await startWorker();
  const joined = performance.now();
  await eventually(60_000, async () => (await shares()).join() === '2,2');
  console.log(`each worker had its part after ${Math.round(performance.now() - joined)} ms`);
  await (await live.handle()).executeUpdate('updateConfig', { args: [{ rateLimit: {} }] });
  await live.reaches(4000, 120_000);
  expect(await live.verdict()).toMatchObject(EXACT);
}, 240_000);

test.runIf(FULL)(
  'R1: queues that move to other shards while they are copied: nothing is lost, repeated or out of order',
  async () => {
    await startWorker();
    await copying(4000, 25, 1);
    const handle = await live.handle();
    for (const parallelism of [4, 2, 3]) {
      const before = (await live.copied())!;
      expect(await handle.executeUpdate('rescale', { args: [{ parallelism }] })).toMatchObject({ done: true });
      await live.reaches(Math.min(before + 300, 4000), 20_000);
      expect((await live.status()).shards).toHaveLength(parallelism);
    }
    expect(await live.copied()).toBeLessThan(4000);
    await live.reaches(4000, 120_000);
    expect(await live.verdict()).toMatchObject(EXACT);
  },
  240_000,
);
