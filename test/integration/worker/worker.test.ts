import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WorkflowFailedError } from '@temporalio/client';
import type { CommandAnswer } from '../../../src/replication/messages.ts';
import { eventually } from '../../support/eventually.ts';
import { LiveReplication } from '../../support/live-replication.ts';
import { mixedMessages } from '../../support/messages.ts';
import { useStack } from '../../support/servers.ts';
import { FULL } from '../../support/sizes.ts';
import { WorkerProcess } from '../../support/worker-process.ts';

/** How long Temporal answers nothing. s */
const FROZEN_S = FULL ? 60 : 20;
/** At 100 a second these take longer. */
const LEFT_TO_COPY = 100 * (FROZEN_S + 40);

const stack = useStack();
let live: LiveReplication;
let workers: WorkerProcess[];

beforeEach(async () => {
  workers = [];
  live = await LiveReplication.create(stack);
});

afterEach(async () => {
  stack.temporal.thaw();
  await live.close();
  await Promise.all(workers.map((worker) => worker.stop()));
});

async function startWorker(): Promise<WorkerProcess> {
  const worker = await WorkerProcess.start(stack);
  workers.push(worker);
  return worker;
}

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const some = (count: number) => mixedMessages({ count, seed: 1, meanBytes: 200, large: 0, largestBytes: 0 });

/** Produces this many messages and starts a replication that takes about `seconds` to copy them. */
async function copying(count: number, seconds: number): Promise<void> {
  await live.produce(some(count));
  await live.start({ rateLimit: { messagesPerSecond: Math.ceil(count / seconds) } });
  await live.reaches(1, 20_000);
}

// 3 s and 0.1 s on an idle machine; the limits leave room for a busy one
test('a worker is there within seconds, and gone as quickly', async () => {
  let worker: WorkerProcess | undefined;
  expect(
    await elapsed(async () => {
      worker = await startWorker();
    }),
  ).toBeLessThan(20_000);
  expect(await elapsed(() => worker!.stop())).toBeLessThan(3000);
});

test('a cluster that the worker does not know fails the start and is named', async () => {
  await startWorker();
  await live.start({ destination: 'north' });
  const failure: unknown = await (await live.handle()).result().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(WorkflowFailedError);
  expect(String((failure as Error).cause)).toMatch(
    /cluster north is not in the worker's configuration .*; expected one of: east, west/,
  );
});

test('a pause reaches a pump within seconds; after it nothing is copied', async () => {
  await startWorker();
  await copying(3000, 30);
  const handle = await live.handle();
  const took = await elapsed(async () => {
    expect(await handle.executeUpdate<CommandAnswer, []>('pause')).toEqual({ done: true, state: 'PAUSED' });
  });
  expect(took).toBeLessThan(5000);
  const paused = await live.copied();
  await sleep(1500);
  expect(await live.copied()).toBe(paused);
  expect((await live.status()).counters.copied).toBe(paused);
});

test('R6: a worker that is told to end hands its pumps over at once', async () => {
  const first = await startWorker();
  await copying(3000, 20);
  await startWorker();
  const told = Date.now();
  await first.stop();
  expect(await live.copied()).toBeLessThan(3000);
  await live.reaches(3000, 60_000);
  const times = await live.storeTimes();
  const longest = Math.max(...times.slice(1).map((time, i) => (time >= told ? time - times[i]! : 0)));
  console.log(`nothing was stored for ${longest} ms`);
  expect(longest).toBeLessThan(3000);
  expect(await live.verdict()).toMatchObject({ lost: 0, repeated: 0, outOfOrder: 0, changed: 0 });
}, 180_000);

test.runIf(FULL)(
  'a replication obeys whose worker died while its pumps were paused by `temporal activity pause`',
  async () => {
    const worker = await startWorker();
    await copying(3000, 20);
    await worker.kill();
    const handle = await live.handle();
    const { workflowService } = handle.client;
    const execution = { workflowId: handle.workflowId };
    const { pendingActivities = [] } = (await handle.describe()).raw;
    const pumps = pendingActivities!.map(({ activityId }) => activityId!).filter((id) => id.startsWith('pump-'));
    expect(pumps.length).toBeGreaterThan(0);
    for (const id of pumps) await workflowService.pauseActivity({ namespace: 'default', execution, id });
    await startWorker();
    const asked = { args: [{ operationId: 'a-pause' }] as [object] };
    await eventually(90_000, async () => (await handle.executeUpdate<CommandAnswer, [object]>('pause', asked)).done);
    expect((await live.status()).state).toBe('PAUSED');
    expect(await handle.executeUpdate<CommandAnswer, []>('resume')).toMatchObject({ done: true });
    await live.reaches(3000, 120_000);
    expect(await live.verdict()).toMatchObject({ lost: 0, repeated: 0, outOfOrder: 0, changed: 0 });
  },
  300_000,
);

test('R6: while Temporal does not answer a pump goes on as long as it holds its locks, and its successor repeats nothing', async () => {
  await startWorker();
  await copying(LEFT_TO_COPY, LEFT_TO_COPY / 100);
  stack.temporal.freeze();
  // past the heartbeat time-out, at which the SDK gives the activity up
  await sleep(FROZEN_S * 1000);
  const before = (await live.copied())!;
  await sleep(2000);
  expect(await live.copied()).toBeGreaterThan(before);
  stack.temporal.thaw();
  await eventually(30_000, async () => (await live.status()).state === 'RUNNING');
  const handle = await live.handle();
  await handle.executeUpdate('updateConfig', { args: [{ rateLimit: {} }] });
  await live.reaches(LEFT_TO_COPY, 120_000);
  expect(await live.verdict()).toMatchObject({ lost: 0, repeated: 0, outOfOrder: 0, changed: 0 });
  expect(await handle.executeUpdate<CommandAnswer, []>('stop')).toEqual({ done: true, state: 'STOPPED' });
}, 300_000);
