import { describe, expect, test } from 'vitest';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import { useClusters, useSides } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { failoverCommand, failoverStatus, hasDone } from '../support/failover-command.ts';
import { LiveReplication } from '../support/live-replication.ts';
import type { Cluster, Queue } from '../../src/transport/types.ts';
import { mixedMessages } from '../support/messages.ts';
import { produce } from '../support/producer.ts';
import { MovingProducer, type Side } from '../support/moving-producer.ts';
import { sequences } from '../support/oracle/sequences.ts';
import { useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { tellOnline, type TellingConsumer } from '../support/telling-consumer.ts';
import { useWorker } from '../support/use-worker.ts';

const PLAIN = { meanBytes: 100, large: 0, largestBytes: 0 };

const stack = useStack();
const clusters = useClusters(stack);
const sides = useSides(stack, clusters);
useWorker(stack);

const failover = failoverCommand(stack);

/** Moves the application with its producer. */
async function move(live: LiveReplication, producer: MovingProducer, fence: string, to: Side): Promise<FailoverResult> {
  const running = failover(live.name, '--fence', fence, '--by', 'kim', '--reason', 'moving day');
  if (fence === 'external') {
    await eventually(30_000, async () => (await failoverStatus(live)).waitingFor === 'producersStopped');
    await producer.pause();
    expect(await failover(live.name, '--send', 'producersStopped')).toMatchObject({ code: 0 });
  }
  await eventually(60_000, () => hasDone(live, 'open'));
  producer.moveTo(to);
  return JSON.parse((await running).stdout) as FailoverResult;
}

/** Produces some more on the new side, which is copied back; then both sides hold everything, once and in order. */
async function holdsAll(live: LiveReplication, producer: MovingProducer): Promise<void> {
  const sent = () => producer.sent.reduce((sum, count) => sum + count, 0);
  const moved = sent();
  await eventually(30_000, () => sent() > moved + 2_000);
  await producer.stop();
  const all = producer.sent.map((count) => Array.from({ length: count }, (_, seq) => seq));
  for (const side of [stack.west, stack.east]) {
    await eventually(60_000, async () =>
      (await sequences(side, live)).every((queue, id) => queue.length >= all[id]!.length),
    );
    expect(await sequences(side, live)).toEqual(all);
  }
}

const CASES = [
  ['one-way', 'external'],
  ['one-way', 'broker'],
  ['two-way', 'external'],
  ['two-way', 'broker'],
] as const;

// in small size switchover-groups.test.ts shows it
describe.each(FULL ? CASES : [])('a switchover of a %s task with fence: %s', (mode, fence) => {
  test('under production: order is kept by queue, nothing is lost, nothing is there twice, on either side', async () => {
    const live = await LiveReplication.create(stack);
    const producer = new MovingProducer(live.topic, live.queues.length, sides.east);
    try {
      await live.start({ mode });
      await live.reaches(2_000, 60_000);
      const result = await move(live, producer, fence, sides.west);
      expect(result).toMatchObject({ outcome: 'done', problems: [] });
      expect(result.writePauseMs).toBeLessThan(5_000);
      console.log(
        `write pause ${result.writePauseMs} ms; as the application saw it ${producer.firstAfter - producer.lastBefore} ms`,
      );
      await holdsAll(live, producer);
      expect(await live.status()).not.toHaveProperty('heldBy');
    } finally {
      await producer.stop().catch(() => undefined);
      await live.close();
    }
  }, 300_000);
});

test.runIf(FULL)(
  'R10: consumer groups go on exactly where they stood, those that hold something have time to finish it; the same on the way home',
  async () => {
    const live = await LiveReplication.create(stack);
    const groups = [`${live.name}-0`, `${live.name}-1`] as const;
    const positions = new Map(
      groups.map((group, index) => [group as string, live.queues.map(({ id }) => 10 * index + id)]),
    );
    const copies = live.queues.map((queue) => ({ ...queue, broker: stack.west.brokerName }));
    let consumer: TellingConsumer | undefined;
    try {
      for (const group of groups) {
        await clusters.east.admin.createGroup(group);
        for (const [id, queue] of live.queues.entries())
          await clusters.east.admin.commit(group, queue, positions.get(group)![id]!);
      }
      await live.produce(mixedMessages({ ...PLAIN, count: 400, seed: 5 }));
      await live.start({ groups: [`${live.name}-*`, 'nobody-knows'] });
      await live.reaches(400, 60_000);
      consumer = await tellOnline({ broker: stack.east.broker.address, group: groups[1], topics: [live.topic] });
      consumer.holds = [{ ...live.queues[0]!, unfinished: 7, commitOffset: 10 }];
      const moving = failover(live.name, '--fence', 'external');
      await eventually(30_000, async () => (await failoverStatus(live)).waitingFor === 'producersStopped');
      await failover(live.name, '--send', 'producersStopped');
      await eventually(30_000, async () =>
        (await failoverStatus(live)).steps.some(({ name, state }) => name === 'settle' && state === 'running'),
      );
      expect(await clusters.east.admin.groupConfig(stack.east.brokerName, groups[0])).toMatchObject({
        consumeEnable: false,
      });
      expect(await clusters.west.admin.groupConfig(stack.west.brokerName, groups[0])).toMatchObject({
        consumeEnable: false,
      });
      // it finishes what it had, and commits that
      await clusters.east.admin.commit(groups[1], live.queues[0]!, 17);
      consumer.holds = [{ ...live.queues[0]!, unfinished: 0, commitOffset: 17 }];
      positions.get(groups[1])![0] = 17;
      const { code, stdout } = await moving;
      const result = JSON.parse(stdout) as FailoverResult;
      expect({ code, problems: result.problems }).toEqual({ code: 0, problems: [] });
      expect(result.warnings.join()).toContain('group nobody-knows is not moved');
      expect(result.groups).toEqual({ groups: groups.map((group) => ({ group, mayRepeat: 0, silent: 0 })), more: 0 });
      expect(result.readPauseMs).toBeLessThan(15_000);
      console.log(`read pause ${result.readPauseMs} ms`);
      for (const group of groups) {
        expect(await clusters.east.admin.groupConfig(stack.east.brokerName, group)).toMatchObject({
          consumeEnable: false,
        });
        expect(await clusters.west.admin.groupConfig(stack.west.brokerName, group)).toMatchObject({
          consumeEnable: true,
        });
        // the destination holds nothing but copies: an offset is the same on both sides
        expect(await Promise.all(copies.map((queue) => clusters.west.admin.committed(group, queue)))).toEqual(
          positions.get(group),
        );
      }
      expect(await live.status()).not.toHaveProperty('heldBy');

      // home again: the first group has consumed everything, of both sides; the other one nothing more
      const { writer } = sides.west;
      await produce({ writer, queues: copies, messages: mixedMessages({ ...PLAIN, count: 40, seed: 6 }) });
      const ends = (cluster: Cluster, queues: readonly Queue[]) =>
        Promise.all(queues.map(async (queue) => (await cluster.admin.range(queue)).max));
      const west = await eventually(10_000, async () => {
        const all = await ends(clusters.west, copies);
        return all.reduce((sum, end) => sum + end, 0) === 440 && all;
      });
      for (const [id, queue] of copies.entries()) await clusters.west.admin.commit(groups[0], queue, west[id]!);
      const home = failover(live.name, '--fence', 'external');
      await eventually(30_000, async () => (await failoverStatus(live)).waitingFor === 'producersStopped');
      await failover(live.name, '--send', 'producersStopped');
      expect(await home).toMatchObject({ code: 0 });
      const committed = (group: string) =>
        Promise.all(live.queues.map((queue) => clusters.east.admin.committed(group, queue)));
      expect(await committed(groups[0])).toEqual(await ends(clusters.east, live.queues));
      expect(await committed(groups[1])).toEqual(positions.get(groups[1]));
      for (const group of groups) {
        const config = { consumeEnable: true };
        expect(await clusters.east.admin.groupConfig(stack.east.brokerName, group)).toMatchObject(config);
      }
    } finally {
      consumer?.close();
      await live.close();
    }
  },
  120_000,
);

test.runIf(FULL)(
  'home again: a task that was reversed moves back by the same steps, and its primary side is the source again',
  async () => {
    const live = await LiveReplication.create(stack);
    let producer: MovingProducer | undefined;
    try {
      await live.start();
      await eventually(30_000, async () => (await live.status()).state === 'RUNNING');
      expect(await (await live.handle()).executeUpdate('reverse')).toMatchObject({ done: true });
      expect(await live.status()).toMatchObject({ primary: 'west' });
      producer = new MovingProducer(live.topic, live.queues.length, sides.west);
      await eventually(60_000, async () => ((await live.produced()) ?? 0) > 1_000);
      const { outcome, problems, steps } = await move(live, producer, 'external', sides.east);
      expect({ outcome, problems }).toEqual({ outcome: 'done', problems: [] });
      expect(steps.find(({ name }) => name === 'survey')!.result).toContain('from west to east');
      await holdsAll(live, producer);
      expect(await live.status()).toMatchObject({ primary: 'east' });
      expect(await clusters.east.admin.topicConfig(stack.east.brokerName, live.topic)).toMatchObject({ perm: 6 });
      expect(await clusters.west.admin.topicConfig(stack.west.brokerName, live.topic)).toMatchObject({ perm: 4 });
    } finally {
      await producer?.stop().catch(() => undefined);
      await live.close();
    }
  },
  120_000,
);

test('aborted before the point of no return, everything is as it was, and production goes on', async () => {
  const live = await LiveReplication.create(stack);
  const { admin } = clusters.east;
  const settings = async () => ({
    topic: await admin.topicConfig(stack.east.brokerName, live.topic),
    acceptsFrom: (await admin.brokerConfig(stack.east.brokerName)).get('startAcceptSendRequestTimeStamp'),
  });
  try {
    await live.start({ mode: 'two-way' });
    await eventually(30_000, async () => (await live.status()).state === 'RUNNING');
    const before = await settings();
    const running = failover(live.name, '--fence', 'broker', '--confirm');
    await eventually(60_000, async () => (await failoverStatus(live)).waitingFor === 'confirm');
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
