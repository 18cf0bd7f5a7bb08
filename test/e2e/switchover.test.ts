import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FailoverResult, FailoverStatus } from '../../src/replication/failover/messages.ts';
import { failoverId } from '../../src/replication/failover/messages.ts';
import { cli } from '../support/cli.ts';
import { useClusters } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { MovingProducer, type Side } from '../support/moving-producer.ts';
import { readCommitLog } from '../support/oracle/commit-log.ts';
import { useStack, type TestCluster } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const stack = useStack();
const clusters = useClusters(stack);
let worker: WorkerProcess;
let sides: { east: Side; west: Side };

beforeAll(async () => {
  worker = await WorkerProcess.start(stack);
  sides = {
    east: { writer: clusters.east.openDestination(), broker: stack.east.brokerName },
    west: { writer: clusters.west.openDestination(), broker: stack.west.brokerName },
  };
});
afterAll(async () => {
  sides.east.writer.close();
  sides.west.writer.close();
  await worker.stop();
});

const failover = (...args: string[]) =>
  cli(['failover', ...args, '--config', stack.config, '--json'], { TEMPORAL_ADDRESS: stack.temporal.address });

/** Message numbers of each queue, in the order of the broker's log. */
async function numbers({ broker }: TestCluster, topic: string): Promise<number[][]> {
  const queues: number[][] = [[], [], [], []];
  await readCommitLog(join(broker.folder, 'store'), topic, ({ queue, properties }) => {
    queues[queue]!.push(Number(new Map(properties).get('SEQ')));
  });
  return queues;
}

async function statusOf(live: LiveReplication): Promise<FailoverStatus> {
  const { client } = await live.handle();
  return await client.getHandle(failoverId(live.name)).query('status');
}

const CASES = [
  ['one-way', 'external'],
  ['one-way', 'broker'],
  ['two-way', 'external'],
  ['two-way', 'broker'],
] as const;

describe.each(FULL ? CASES : CASES.slice(0, 1))('a switchover of a %s task with fence: %s', (mode, fence) => {
  test('under production: order is kept by queue, nothing is lost, nothing is there twice, on either side', async () => {
    const live = await LiveReplication.create(stack);
    const producer = new MovingProducer(live.topic, live.queues.length, sides.east);
    try {
      await live.start({ mode });
      await live.reaches(2_000, 60_000);
      const running = failover(live.name, '--fence', fence, '--by', 'kim', '--reason', 'moving day');
      if (fence === 'external') {
        await eventually(30_000, async () => (await statusOf(live)).waitingFor === 'producersStopped');
        await producer.pause();
        expect(await failover(live.name, '--send', 'producersStopped')).toMatchObject({ code: 0 });
      }
      await eventually(60_000, async () =>
        (await statusOf(live)).steps.some(({ name, state }) => name === 'open' && state === 'done'),
      );
      producer.moveTo(sides.west);
      const { code, stdout } = await running;
      const result = JSON.parse(stdout) as FailoverResult;
      expect({ code, outcome: result.outcome, problems: result.problems }).toEqual({
        code: 0,
        outcome: 'done',
        problems: [],
      });
      expect(result.writePauseMs).toBeLessThan(5_000);
      console.log(
        `write pause ${result.writePauseMs} ms; as the application saw it ${producer.firstAfter - producer.lastBefore} ms`,
      );
      // some more on the new side, which are copied back
      const moved = producer.sent.reduce((sum, count) => sum + count, 0);
      await eventually(30_000, () => producer.sent.reduce((sum, count) => sum + count, 0) > moved + 2_000);
      await producer.stop();
      const all = producer.sent.map((count) => Array.from({ length: count }, (_, seq) => seq));
      await eventually(60_000, async () =>
        (await numbers(stack.east, live.topic)).every((queue, id) => queue.length >= all[id]!.length),
      );
      expect(await numbers(stack.west, live.topic)).toEqual(all);
      expect(await numbers(stack.east, live.topic)).toEqual(all);
      expect(await live.status()).not.toHaveProperty('heldBy');
    } finally {
      await producer.stop().catch(() => undefined);
      await live.close();
    }
  }, 300_000);
});

test('of a task that was reversed it is not available yet, and changes nothing', async () => {
  const live = await LiveReplication.create(stack);
  try {
    await live.start();
    await eventually(30_000, async () => (await live.status()).state === 'RUNNING');
    expect(await (await live.handle()).executeUpdate('reverse')).toMatchObject({ done: true });
    const { code, stdout } = await failover(live.name, '--fence', 'broker');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'refused',
      problems: [expect.stringContaining('not available yet')],
    });
    expect(await live.status()).not.toHaveProperty('heldBy');
  } finally {
    await live.close();
  }
}, 120_000);

test('aborted before the point of no return, everything is as it was, and production goes on', async () => {
  const live = await LiveReplication.create(stack);
  const { admin } = clusters.east;
  const settings = async () => ({
    topic: await admin.topicConfig(stack.east.brokerName, live.topic),
    acceptsFrom: (await admin.brokerConfig(stack.east.brokerName)).get('startAcceptSendRequestTimeStamp'),
  });
  try {
    await live.start({ mode: 'two-way' });
    const before = await settings();
    const running = failover(live.name, '--fence', 'broker', '--confirm');
    await eventually(60_000, async () => (await statusOf(live)).waitingFor === 'confirm');
    expect(await settings()).not.toEqual(before);
    expect(await failover(live.name, '--send', 'abort', '--reason', 'not today')).toMatchObject({ code: 0 });
    const { code, stdout } = await running;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'aborted', problems: [expect.stringContaining('not today')] });
    expect(await settings()).toEqual(before);
    const producer = new MovingProducer(live.topic, live.queues.length, sides.east);
    await live.reaches(100, 60_000);
    await producer.stop();
    expect(await live.status()).toMatchObject({ state: 'RUNNING' });
    expect(await live.status()).not.toHaveProperty('heldBy');
  } finally {
    await live.close();
  }
}, 120_000);
