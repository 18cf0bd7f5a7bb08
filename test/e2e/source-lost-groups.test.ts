import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import type { CommandAnswer } from '../../src/replication/messages.ts';
import { cliOf } from '../support/cli.ts';
import { useClusters, useSides } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { failoverStatus, hasDone } from '../support/failover-command.ts';
import { flushedOffsets } from '../support/flushed-offsets.ts';
import { JavaConsumers } from '../support/java-consumers.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { MovingProducer } from '../support/moving-producer.ts';
import { sequences } from '../support/oracle/sequences.ts';
import { useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const stack = useStack();
const clusters = useClusters(stack);
const sides = useSides(stack, clusters);
const LIMIT_MS = 120_000;
/** Number of the first message that is produced while the source is lost. */
const MEANWHILE = 1_000_000;
let worker: WorkerProcess;

beforeAll(async () => {
  worker = await WorkerProcess.start(stack);
});
afterAll(async () => {
  await worker.stop();
});

const run = cliOf(stack);

test.runIf(FULL)(
  'R10: while the source is lost groups go on where they were in step last; once it is back, progress follows to it',
  async () => {
    const live = await LiveReplication.create(stack);
    const group = live.name;
    const copies = live.queues.map((queue) => ({ ...queue, broker: stack.west.brokerName }));
    const onEast = () => Promise.all(live.queues.map((queue) => clusters.east.admin.committed(group, queue)));
    const onWest = () => Promise.all(copies.map((queue) => clusters.west.admin.committed(group, queue)));
    const isOn = async (offsets: () => Promise<(number | undefined)[]>, wanted: number[]) =>
      JSON.stringify(await offsets()) === JSON.stringify(wanted);
    try {
      await clusters.east.admin.createGroup(group);
      for (const queue of live.queues) await clusters.east.admin.commit(group, queue, 10 + queue.id);
      await live.produce(mixedMessages({ count: 400, seed: 5, meanBytes: 100, large: 0, largestBytes: 0 }));
      await live.start({ groups: [group] });
      await live.reaches(400, 60_000);
      // the destination holds nothing but copies: an offset is the same on both sides
      await eventually(30_000, () => isOn(onWest, [10, 11, 12, 13]));
      await stack.east.broker.kill();
      const { code, stdout } = await run('failover', live.name, '--mode', 'failover');
      const result = JSON.parse(stdout) as FailoverResult;
      expect({ code, problems: result.problems }).toEqual({ code: 0, problems: [] });
      expect(result.groups).toEqual({
        groups: [{ group, syncedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string }],
        more: 0,
      });
      const config = await clusters.west.admin.groupConfig(stack.west.brokerName, group);
      expect(config).toMatchObject({ consumeEnable: true });
      expect(await onWest()).toEqual([10, 11, 12, 13]);

      for (const queue of copies) await clusters.west.admin.commit(group, queue, 20 + queue.id);
      await stack.east.broker.start();
      const handle = await live.handle();
      // refused until the source is seen to be back
      await eventually(60_000, async () => {
        const { done } = await handle.executeUpdate<CommandAnswer, [object]>('resume', { args: [{ by: 'kim' }] });
        return done;
      });
      await eventually(60_000, () => isOn(onEast, [20, 21, 22, 23]));
      expect(await onWest()).toEqual([20, 21, 22, 23]);
    } finally {
      await stack.east.broker.start().catch(() => undefined);
      await live.close();
    }
  },
  300_000,
);

test.runIf(FULL)(
  'R10: the source is killed while a group consumes; it goes on at the destination and, after a failback, at home: nothing is lost, and it got twice what is told',
  async () => {
    const live = await LiveReplication.create(stack);
    const { topic, queues } = live;
    const group = `${topic}-group`;
    const consumers = await JavaConsumers.start();
    const workOn = (name: string, { nameServers: servers }: { readonly nameServers: readonly string[] }) =>
      consumers.start({ name, mode: 'push', servers, group, topic });
    const copies = queues.map((queue) => ({ ...queue, broker: stack.west.brokerName }));
    const places = () =>
      Promise.all(copies.map(async (queue) => (await clusters.west.admin.committed(group, queue)) ?? 0));
    const producer = new MovingProducer(topic, queues.length, sides.east);
    let meanwhile: MovingProducer | undefined;
    try {
      await clusters.east.admin.createGroup(group);
      await live.start({ groups: [group] });
      await workOn('east', stack.east);
      await eventually(LIMIT_MS, async () => (await places()).every((offset) => offset > 100));
      // the worker was where the source was, which goes on a little longer
      await worker.kill();
      await eventually(LIMIT_MS, async () => {
        const [now, flushed] = [await places(), await flushedOffsets(stack.east, topic, group)];
        return now.every((offset, queue) => (flushed.get(queue) ?? 0) > offset + 200);
      });
      await stack.east.broker.kill();
      await producer.stop().catch(() => undefined);
      await consumers.stop('east');
      const flushed = await flushedOffsets(stack.east, topic, group);
      worker = await WorkerProcess.start(stack);

      const failover = JSON.parse((await run('failover', live.name, '--mode', 'failover')).stdout) as FailoverResult;
      expect(failover).toMatchObject({ outcome: 'done', problems: [] });
      const placed = await places();
      const copied = await Promise.all(copies.map(async (queue) => (await clusters.west.admin.range(queue)).max));
      meanwhile = new MovingProducer(topic, queues.length, sides.west, MEANWHILE);
      await workOn('west', stack.west);
      await eventually(LIMIT_MS, () => consumers.ledger('west').filter(isOfMeanwhile).length > 1_000);

      await stack.east.broker.start();
      const going = run('failback', live.name, '--fence', 'external');
      const isDone = (step: string) =>
        Promise.race([eventually(LIMIT_MS, () => hasDone(live, step)), going.then(({ stdout }) => stdout)]);
      await Promise.race([
        eventually(LIMIT_MS, async () => (await failoverStatus(live)).waitingFor === 'producersStopped'),
        going.then(({ stdout }) => Promise.reject(new Error(stdout))),
      ]);
      await meanwhile.pause();
      await run('failover', live.name, '--send', 'producersStopped');
      await isDone('open');
      meanwhile.moveTo(sides.east);
      await isDone('enable-groups');
      await consumers.stop('west');
      await workOn('home', stack.east);
      const failback = JSON.parse((await going).stdout) as FailoverResult;
      expect(failback).toMatchObject({ outcome: 'done', problems: [] });
      const before = meanwhile.sent.map((count) => count);
      await eventually(LIMIT_MS, () => meanwhile!.sent.every((count, queue) => count > before[queue]! + 200));
      await meanwhile.stop();

      const produced = [...numbersOf(producer.sent, 0), ...numbersOf(meanwhile.sent, MEANWHILE)];
      const all = () => ['east', 'west', 'home'].flatMap((name) => consumers.ledger(name));
      await eventually(LIMIT_MS, () => {
        const keys = new Set(all().map((one) => one.keys));
        return produced.every((key) => keys.has(key));
      });
      await consumers.stop('home');
      const times = new Map<string, number>();
      for (const { keys } of all()) times.set(keys, (times.get(keys) ?? 0) + 1);
      expect([...times.values()].filter((count) => count > 2)).toEqual([]);
      const again = consumers.ledger('east').filter(({ keys }) => times.get(keys) === 2);
      // nobody got anything twice but what was consumed on the source before it was lost
      expect([...times.values()].filter((count) => count === 2)).toHaveLength(again.length);
      const told = again.filter(({ queue, offset }) => offset < (flushed.get(queue) ?? 0));
      const stranded = told.filter(({ queue, offset }) => offset >= copied[queue]!);
      expect(failback.repeats).toEqual({
        groups: [{ group, messages: told.length - stranded.length, stranded: stranded.length }],
        ...{ more: 0, flushedEveryMs: 5000 },
      });
      const expected = placed.map((offset, queue) =>
        Math.max(0, Math.min(flushed.get(queue)!, copied[queue]!) - offset),
      );
      expect(told.length - stranded.length).toBe(expected.reduce((sum, count) => sum + count, 0));
      console.log(
        `${again.length} messages twice, ${told.length} told, of these ${stranded.length} stranded; ` +
          `${failback.strandedTail!.messages} stranded in all; read pause ${failback.readPauseMs} ms`,
      );
      const [east, west] = await Promise.all([sequences(stack.east, live), sequences(stack.west, live)]);
      expect(west.map(sorted)).toEqual(east.map(sorted));
      for (const queue of east) expect(new Set(queue).size).toBe(queue.length);
    } finally {
      await producer.stop().catch(() => undefined);
      await meanwhile?.stop().catch(() => undefined);
      await consumers.close();
      await stack.east.broker.start().catch(() => undefined);
      await live.close();
    }
  },
  600_000,
);

function isOfMeanwhile({ keys }: { readonly keys: string }): boolean {
  return Number(keys.split('-')[1]) >= MEANWHILE;
}

function numbersOf(sent: readonly number[], first: number): string[] {
  return sent.flatMap((count, queue) => Array.from({ length: count }, (_, index) => `${queue}-${first + index}`));
}

function sorted(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}
