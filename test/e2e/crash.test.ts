import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages, seeded, take } from '../support/messages.ts';
import { useStack } from '../support/servers.ts';
import { SEED, SIZES } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

/** Copying goes on within this time after a worker's death. */
const WORKER_RECOVERY_MS = 30_000;
/** After a server's death: its start, its readiness, and what clients wait before they try again. */
const SERVER_RECOVERY_MS = 60_000;
const MINUTE = 60_000;
const { messages, meanBytes, large, kills } = SIZES;
const LIMIT_MS = 5 * MINUTE + kills * MINUTE;

const stack = useStack();
const random = seeded(SEED);
let worker: WorkerProcess;
let live: LiveReplication;

beforeAll(async () => {
  console.log(`seed ${SEED}`);
  worker = await WorkerProcess.start(stack);
});

afterAll(async () => {
  await worker.stop();
});

beforeEach(async () => {
  live = await LiveReplication.create(stack);
  // Slow enough that a strike in the middle of a part finds something left to copy.
  await live.start({ rateLimit: { messagesPerSecond: Math.ceil(messages / (3 * (kills + 1))) } });
});

afterEach(async () => {
  await live.close();
});

describe('R4: each message once and in order', () => {
  it(
    'when the worker is killed',
    async () => {
      await surviving(WORKER_RECOVERY_MS, async () => {
        await worker.kill();
        worker = await WorkerProcess.start(stack);
      });
    },
    LIMIT_MS,
  );

  it(
    'when the destination broker is killed',
    async () => {
      await surviving(SERVER_RECOVERY_MS, () => killAndStart(stack.west.broker));
    },
    LIMIT_MS,
  );

  it(
    'when the source broker is killed',
    async () => {
      await surviving(SERVER_RECOVERY_MS, () => killAndStart(stack.east.broker));
    },
    LIMIT_MS,
  );

  it(
    'when Temporal is killed',
    async () => {
      await surviving(SERVER_RECOVERY_MS, () => killAndStart(stack.temporal));
    },
    LIMIT_MS,
  );
});

async function killAndStart(server: { kill(): Promise<void>; start(): Promise<void> }): Promise<void> {
  await server.kill();
  await server.start();
}

/** Strikes at random moments in the middle of copying; each time copying goes on in time, and in the end nothing is missing. */
async function surviving(recoveryMs: number, strike: () => Promise<void>): Promise<void> {
  const all = mixedMessages({ count: messages, seed: SEED, meanBytes, large, largestBytes: 4_000_000 });
  const part = Math.ceil(messages / (kills + 1));
  let total = 0;
  for (let strikes = 0; strikes < kills; strikes++) {
    const copied = await eventually(10_000, () => live.copied());
    total += await live.produce(take(all, part));
    await live.reaches(copied + Math.ceil((total - copied) * (0.1 + 0.5 * random())), recoveryMs + MINUTE);
    const before = await eventually(10_000, () => live.copied());
    expect(before, 'a strike that finds nothing left to copy proves nothing').toBeLessThan(total);
    const struck = performance.now();
    await strike();
    const after = await eventually(recoveryMs, () => live.copied());
    await live.reaches(Math.min(after + 1, total), recoveryMs - (performance.now() - struck));
    const took = Math.round(performance.now() - struck);
    console.log(`strike ${strikes + 1} at ${before} of ${total}: copying went on after ${took} ms`);
  }
  total += await live.produce(all);
  await live.reaches(total, recoveryMs + 2 * MINUTE);
  expect(await live.verdict()).toEqual({
    source: total,
    copied: total,
    lost: 0,
    repeated: 0,
    outOfOrder: 0,
    changed: 0,
  });
}
