import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import type { RedriveResult } from '../../src/replication/messages.ts';
import { cliOf } from '../support/cli.ts';
import { useClusters } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { failoverStatus } from '../support/failover-command.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { MovingProducer } from '../support/moving-producer.ts';
import { comparedBothWays, logOf } from '../support/oracle/both-ways.ts';
import { produce } from '../support/producer.ts';
import { useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

/** Produced on the other side while the source is lost. */
const MEANWHILE = FULL ? 20_000 : 500;
/** Stored on the source behind what is copied, when it dies. */
const STRANDED = FULL ? 5_000 : 200;
const LIMIT_MS = 120_000;
const ONCE = { repeated: 0, outOfOrder: 0, changed: 0 };

const stack = useStack();
const clusters = useClusters(stack);
let worker: WorkerProcess;

beforeAll(async () => {
  worker = await WorkerProcess.start(stack);
});
afterAll(async () => {
  await worker.stop();
});

const run = cliOf(stack);

async function moved(...args: string[]): Promise<FailoverResult> {
  const { stdout } = await run(...args);
  return JSON.parse(stdout) as FailoverResult;
}

const CASES = ['copy', 'aside', 'leave'] as const;

describe.each(FULL ? CASES : CASES.slice(0, 1))('stranded messages: %s', (policy) => {
  test('the source is killed under production, the destination serves, the source comes back: what is stranded is exactly found, and nothing is lost', async () => {
    const live = await LiveReplication.create(stack);
    const writers = { east: clusters.east.openDestination(), west: clusters.west.openDestination() };
    const { topic } = live;
    const other = `${topic}-other`;
    const othersOn = async (name: 'east' | 'west') =>
      (await clusters[name].admin.groupConfigs(stack[name].brokerName)).get(other)?.consumeEnable;
    const onWest = live.queues.map((queue) => ({ ...queue, broker: stack.west.brokerName }));
    const producer = new MovingProducer(topic, live.queues.length, {
      writer: writers.east,
      broker: stack.east.brokerName,
    });
    try {
      // of another application, which a pattern of the replication matches
      await clusters.east.admin.createGroup(other);
      await live.start({ groups: [`${topic}-*`] });
      await live.reaches(1_000, 60_000);
      await eventually(LIMIT_MS, async () => (await othersOn('west')) !== undefined);
      expect(await moved('failover', live.name, '--mode', 'failover')).toMatchObject({
        outcome: 'refused',
        problems: [expect.stringContaining('east is not lost')],
      });
      // the worker was where the source was
      await worker.kill();
      const copied = (await live.copied())!;
      await eventually(LIMIT_MS, async () => ((await live.produced()) ?? 0) > copied + STRANDED);
      await stack.east.broker.kill();
      await producer.stop().catch(() => undefined);
      worker = await WorkerProcess.start(stack);

      const failover = await moved('failover', live.name, '--mode', 'failover', '--reason', 'east is gone');
      expect(failover).toMatchObject({ outcome: 'done', problems: [], rpo: { more: 0 } });
      console.log(`RTO ${failover.rtoMs} ms`);
      expect(await othersOn('west')).toBe(false);
      const arrived = await logOf(stack.west, topic);
      expect(failover.rpo!.queues.toSorted((a, b) => a.queue - b.queue)).toEqual(
        onWest.map(({ id }) => ({
          ...{ topic, broker: stack.east.brokerName, queue: id, copiedUpTo: arrived.get(id)?.length ?? 0 },
          producedAt: expect.stringMatching(/^\d{4}-/) as string,
        })),
      );
      const messages = mixedMessages({ count: MEANWHILE, seed: 7, meanBytes: 200, large: 0, largestBytes: 0 });
      await produce({ writer: writers.west, queues: onWest, messages });
      expect(await moved('failback', live.name)).toMatchObject({
        outcome: 'refused',
        problems: [expect.stringContaining('east is not back')],
      });

      await stack.east.broker.start();
      const held = await logOf(stack.east, topic);
      const tail = [...held].flatMap(([queue, all]) =>
        all.slice(arrived.get(queue)?.length ?? 0).map(({ offset }) => `${queue}/${offset}`),
      );
      expect(tail.length).toBeGreaterThanOrEqual(STRANDED - live.queues.length * 100);
      const looked = await moved('failback', live.name, '--dry-run', '--stranded-tail', policy);
      expect(looked).toMatchObject({ outcome: 'dry-run', strandedTail: { policy, messages: tail.length } });
      const { list, more } = looked.strandedTail!;
      expect(list.length + more.messages).toBe(tail.length);
      expect(tail).toEqual(expect.arrayContaining(list.map(({ queue, offset }) => `${queue}/${offset}`)));
      expect(await live.status()).toMatchObject({
        state: 'PAUSED',
        epoch: 2,
        primary: 'west',
        lost: { cluster: 'east' },
      });

      const going = moved('failback', live.name, '--fence', 'external', '--stranded-tail', policy);
      await eventually(LIMIT_MS, async () => (await failoverStatus(live)).waitingFor === 'producersStopped');
      await run('failover', live.name, '--send', 'producersStopped');
      const failback = await going;
      expect(failback).toMatchObject({ outcome: 'done', problems: [], strandedTail: { messages: tail.length } });
      expect(await othersOn('east')).toBe(true);
      const status = await live.status();
      expect(status).toMatchObject({ state: 'RUNNING', primary: 'east' });
      expect(status).not.toHaveProperty('lost');
      expect(status).not.toHaveProperty('heldBy');
      const lost = policy === 'copy' ? 0 : tail.length;
      if (policy === 'leave') expect(status.counters.gapSkipped).toBe(tail.length);
      await expectEqual(topic, lost);
      if (policy !== 'aside') return;
      // one answers after half a minute and works for a minute at most; what is left is for the next one
      await eventually(3 * LIMIT_MS, async () => {
        const { stdout } = await run('redrive', live.name, '--topic', topic);
        const { redrive } = JSON.parse(stdout) as { readonly redrive?: RedriveResult };
        return redrive?.more === false;
      });
      await expectEqual(topic, 0);
    } finally {
      await producer.stop().catch(() => undefined);
      writers.east.close();
      writers.west.close();
      await live.close();
    }
  }, 800_000);
});

/** Each side holds what the other one produced, once and in order; but for what stayed on the lost source. */
async function expectEqual(topic: string, lost: number): Promise<void> {
  const { toWest, toEast } = await comparedBothWays(stack, topic);
  expect(toWest).toEqual({ source: toWest.source, copied: toWest.source - lost, lost, ...ONCE });
  expect(toEast).toEqual({ source: MEANWHILE, copied: MEANWHILE, lost: 0, ...ONCE });
}
