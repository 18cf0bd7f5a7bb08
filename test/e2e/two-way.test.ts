import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Destination, Queue } from '../../src/transport/types.ts';
import { useClusters } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages, seeded } from '../support/messages.ts';
import { comparedBothWays } from '../support/oracle/both-ways.ts';
import { produce } from '../support/producer.ts';
import { useStack, type TestCluster } from '../support/servers.ts';
import { FULL, SEED } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

/** Of each side. */
const MESSAGES = FULL ? 100_000 : 3_000;
const RATE = FULL ? 500 : 400;
const KILLS = FULL ? 8 : 1;
const RECOVERY_MS = 60_000;
const MINUTE = 60_000;

const stack = useStack();
const clusters = useClusters(stack);
const random = seeded(SEED);
const writers: Destination[] = [];
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
  await live.start({ mode: 'two-way', parallelism: 2 });
  await eventually(30_000, async () => (await live.status()).state === 'RUNNING');
});

afterEach(async () => {
  for (const writer of writers.splice(0)) writer.close();
  await live.close();
});

it(
  'R4, R7: both sides produce and workers are killed: each message is on each side once and in order, and nothing loops',
  async () => {
    const producing = [produceOn(stack.east, SEED), produceOn(stack.west, SEED + 1)];
    for (let kills = 0; kills < KILLS; kills++) {
      const before = await held();
      const more = (MESSAGES / (KILLS + 1)) * (0.3 + 0.7 * random());
      await eventually(RECOVERY_MS + MINUTE, async () => (await held()) >= before + more);
      await worker.kill();
      console.log(`killed a worker when both sides together held ${await held()} messages`);
      worker = await WorkerProcess.start(stack);
    }
    const [east, west] = await Promise.all(producing);
    await converges(east! + west!);
    // a copy that is copied back would be one more on the side that it came from, once both directions have looked at everything
    await eventually(MINUTE, () => live.hasPassedAll());
    await (await live.handle()).executeUpdate('pause');
    const { flows = [] } = await live.status();
    expect(flows.every(({ counters }) => counters.loopSkipped > 0)).toBe(true);
    expect(flows.map(({ source, destination }) => `${source} to ${destination}`)).toEqual([
      'east to west',
      'west to east',
    ]);
    expect(await held()).toBe(2 * (east! + west!));
    await expectOnceEach(east!, west!);
  },
  (KILLS + 6) * MINUTE + (2 * MESSAGES * 1000) / RATE,
);

it.runIf(FULL)(
  'one side dies and the other serves; when it is back both are equal again',
  async () => {
    const east = await produceOn(stack.east, SEED + 2, 2000);
    const west = await produceOn(stack.west, SEED + 3, 2000);
    await converges(east + west);
    await stack.west.broker.kill();
    const alone = await produceOn(stack.east, SEED + 4, 2000);
    await stack.west.broker.start();
    await converges(east + west + alone);
    await expectOnceEach(east + alone, west);
  },
  8 * MINUTE,
);

/** Resolves with how many messages the side acknowledged. */
async function produceOn({ name, brokerName }: TestCluster, seed: number, count = MESSAGES): Promise<number> {
  const writer = clusters[name as 'east' | 'west'].openDestination();
  writers.push(writer);
  const messages = mixedMessages({ count, seed, meanBytes: 400, large: 0, largestBytes: 0 });
  return await produce({ writer, queues: queuesOn(brokerName), messages, rate: RATE });
}

function queuesOn(broker: string): Queue[] {
  return live.queues.map((queue) => ({ ...queue, broker }));
}

/** Messages on both sides together, copies included. */
async function held(): Promise<number> {
  return await eventually(30_000, async () => {
    const [east, west] = await Promise.all([live.produced(), live.copied()]);
    return east !== undefined && west !== undefined && east + west;
  });
}

/** Waits until each side holds what was produced on either. */
async function converges(messages: number): Promise<void> {
  await live.reaches(messages, RECOVERY_MS + MINUTE);
  await eventually(RECOVERY_MS + MINUTE, async () => (await live.produced()) === messages);
}

async function expectOnceEach(east: number, west: number): Promise<void> {
  const once = { lost: 0, repeated: 0, outOfOrder: 0, changed: 0 };
  expect(await comparedBothWays(stack, live.topic)).toEqual({
    toWest: { source: east, copied: east, ...once },
    toEast: { source: west, copied: west, ...once },
  });
}
