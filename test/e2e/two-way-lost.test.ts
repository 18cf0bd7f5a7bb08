import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import { count, holdEachOnce } from '../support/both-ways.ts';
import { cliOf } from '../support/cli.ts';
import { useClusters, useSides } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { failoverStatus } from '../support/failover-command.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { MovingProducer } from '../support/moving-producer.ts';
import { logOf } from '../support/oracle/both-ways.ts';
import { copies, own } from '../support/oracle/compare.ts';
import { useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

/** Of each side, while nothing is copied. */
const BEHIND = 2_000;
const LIMIT_MS = 120_000;

const stack = useStack();
const clusters = useClusters(stack);
const sides = useSides(stack, clusters);
let worker: WorkerProcess;

beforeAll(async () => {
  worker = await WorkerProcess.start(stack);
});
afterAll(async () => {
  await worker.stop();
});

test.runIf(FULL)(
  'both sides produce and one of them dies: the other serves, its producers go home later, and both hold everything once; nothing loops',
  async () => {
    const live = await LiveReplication.create(stack);
    const producers: MovingProducer[] = [];
    const produceOn = (side: (typeof sides)['east']) => {
      const producer = new MovingProducer(live.topic, live.queues.length, side);
      producers.push(producer);
      return producer;
    };
    try {
      await live.start({ mode: 'two-way' });
      await eventually(LIMIT_MS, async () => (await live.status()).state === 'RUNNING');
      const [onEast, onWest] = [produceOn(sides.east), produceOn(sides.west)];
      await live.reaches(5_000, LIMIT_MS);
      // the worker was where the side was that dies
      await worker.kill();
      const goals = [onEast, onWest].map((producer) => sentBy(producer) + BEHIND);
      await eventually(LIMIT_MS, () => sentBy(onEast) > goals[0]! && sentBy(onWest) > goals[1]!);
      await stack.east.broker.kill();
      await onEast.stop().catch(() => undefined);
      worker = await WorkerProcess.start(stack);
      expect(await run('failover', live.name, '--mode', 'failover')).toMatchObject({ outcome: 'done', problems: [] });
      const meanwhile = sentBy(onWest) + BEHIND;
      await eventually(LIMIT_MS, () => sentBy(onWest) > meanwhile);
      expect(await live.status()).toMatchObject({ state: 'PAUSED', primary: 'west', lost: { cluster: 'east' } });

      await stack.east.broker.start();
      const stranded =
        count(own(await logOf(stack.east, live.topic))) - count(copies(await logOf(stack.west, live.topic)));
      expect(stranded).toBeGreaterThan(BEHIND / 2);
      const going = run('failback', live.name, '--fence', 'external');
      await eventually(LIMIT_MS, async () => (await failoverStatus(live)).waitingFor === 'producersStopped');
      await onWest.pause();
      await run('failover', live.name, '--send', 'producersStopped');
      await eventually(LIMIT_MS, async () =>
        (await failoverStatus(live)).steps.some(({ name, state }) => name === 'open' && state === 'done'),
      );
      onWest.moveTo(sides.east);
      const atHome = sentBy(onWest) + BEHIND;
      const failback = await going;
      expect(failback).toMatchObject({ outcome: 'done', problems: [], strandedTail: { messages: stranded } });
      await eventually(LIMIT_MS, () => sentBy(onWest) > atHome);
      await onWest.stop();

      expect(await live.status()).toMatchObject({ state: 'RUNNING', primary: 'east' });
      for (const side of ['east', 'west'] as const)
        expect(await clusters[side].admin.topicConfig(stack[side].brokerName, live.topic)).toMatchObject({ perm: 6 });
      await holdEachOnce(stack, live, LIMIT_MS);
      // pumps tell what they counted when they end
      await (await live.handle()).executeUpdate('pause');
      const { flows = [] } = await live.status();
      expect(flows.map(({ counters }) => counters.loopSkipped > 0)).toEqual([true, true]);
    } finally {
      for (const producer of producers) await producer.stop().catch(() => undefined);
      await stack.east.broker.start().catch(() => undefined);
      await live.close();
    }
  },
  400_000,
);

async function run(...args: string[]): Promise<FailoverResult> {
  const { stdout } = await cliOf(stack)(...args);
  return JSON.parse(stdout) as FailoverResult;
}

function sentBy({ sent }: MovingProducer): number {
  return sent.reduce((sum, messages) => sum + messages, 0);
}
