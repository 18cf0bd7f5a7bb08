import type { WorkflowHandle } from '@temporalio/client';
import { beforeAll, describe, expect, test } from 'vitest';
import type { FailoverConfig } from '../../src/replication/failover/input.ts';
import {
  FAILOVER_WORKFLOW,
  failoverId,
  type FailoverResult,
  type FailoverStatus,
} from '../../src/replication/failover/messages.ts';
import type { GroupsView } from '../../src/replication/group-progress.ts';
import { TASK_QUEUE } from '../../src/replication/messages.ts';
import type { Queue } from '../../src/transport/types.ts';
import { useClusters, useSides } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { MovingProducer } from '../support/moving-producer.ts';
import { sequences } from '../support/oracle/sequences.ts';
import { useStack } from '../support/servers.ts';
import { FULL, SEED } from '../support/sizes.ts';
import { seeded } from '../support/messages.ts';
import type { Strike } from '../support/strikes.ts';
import { useStruckWorkers } from '../support/struck-workers.ts';

/** A switchover with groups and `fence: external` has at least so many activities. */
const FEWEST_ACTIVITIES = 13;
/** Where the group stands in each queue. */
const CONSUMED = 50;
/** Those before the point of no return with `fence: external`, when the producers have stopped. */
const BEFORE_NO_RETURN = 6;
const RECOVERY_MS = 90_000;
/** A fence lasts 120 s from when it was renewed last. */
const LAPSES_MS = 150_000;

const stack = useStack();
const clusters = useClusters(stack);
const sides = useSides(stack, clusters);
const random = seeded(SEED);
const workers = useStruckWorkers(stack);

beforeAll(() => {
  console.log(`seed ${SEED}`);
});

/** What a failover changes and an abort puts back. */
async function settings({ topic }: LiveReplication) {
  const side = async (name: 'east' | 'west') => {
    const { admin } = clusters[name];
    const { brokerName } = stack[name];
    return {
      topic: await admin.topicConfig(brokerName, topic),
      consumeEnable: (await admin.groupConfig(brokerName, groupOf(topic)))?.consumeEnable,
      acceptsFrom: (await admin.brokerConfig(brokerName)).get('startAcceptSendRequestTimeStamp'),
    };
  };
  return { east: await side('east'), west: await side('west') };
}

function groupOf(topic: string): string {
  return `group-${topic}`;
}

/** Where the queues are copied to. */
function placesOf({ queues }: LiveReplication): Queue[] {
  return queues.map((queue) => ({ ...queue, broker: stack.west.brokerName }));
}

/** With a consumer group, whose progress is followed; nobody is online. */
async function start(live: LiveReplication): Promise<void> {
  const [{ admin: east }, { admin: west }] = [clusters.east, clusters.west];
  const group = groupOf(live.topic);
  await east.createGroup(group);
  await live.start({ groups: [group] });
  await live.reaches(1000, RECOVERY_MS);
  await eventually(RECOVERY_MS, async () => {
    for (const queue of live.queues) await east.commit(group, queue, CONSUMED);
    return (await Promise.all(live.queues.map((queue) => east.committed(group, queue)))).every((at) => at === CONSUMED);
  });
  await eventually(RECOVERY_MS, async () => {
    const places = await Promise.all(placesOf(live).map((queue) => west.committed(group, queue)));
    return places.every((at) => at === CONSUMED);
  });
  // a switchover is refused while a group is not in step, as the replication was told last
  await eventually(RECOVERY_MS, async () => {
    const { groups } = await (await live.handle()).query<GroupsView>('groups');
    return groups.length === 1 && groups[0]!.problem === undefined;
  });
}

async function begin(live: LiveReplication, config: Partial<FailoverConfig>): Promise<WorkflowHandle> {
  const { client } = await live.handle();
  return await client.start(FAILOVER_WORKFLOW, {
    taskQueue: TASK_QUEUE,
    workflowId: failoverId(live.name),
    args: [{ replication: live.name, mode: 'switchover', ...config }],
  });
}

async function reaches(failover: WorkflowHandle, is: (status: FailoverStatus) => boolean): Promise<void> {
  await eventually(RECOVERY_MS, async () => is(await failover.query<FailoverStatus>('status')));
}

function total(producer: MovingProducer): number {
  return producer.sent.reduce((sum, count) => sum + count, 0);
}

/** @returns whether the switchover had come to the activity that was to be struck */
async function survivesKill(strike: Omit<Strike, 'blow'>, fence: 'broker' | 'external'): Promise<boolean> {
  const live = await LiveReplication.create(stack);
  const producer = new MovingProducer(live.topic, live.queues.length, sides.east);
  try {
    await start(live);
    const before = await settings(live);
    await workers().strikes.strikeAt({ ...strike, blow: 'kill' });
    const failover = await begin(live, { fence });
    const result = failover.result() as Promise<FailoverResult>;
    const moving = move(failover, producer, fence);
    const struck = await workers().outliveBlow(result, RECOVERY_MS);
    console.log(`${fence}: killed ${strike.when} activity ${strike.nth} (${struck ?? 'there was none'})`);
    const began = Date.now();
    expect(await result).toMatchObject({ outcome: 'done', problems: [] });
    await moving;
    console.log(`done ${Date.now() - began} ms after the new worker's start`);
    await copiesBack(live, producer);
    expect(before).toMatchObject({ east: { consumeEnable: true }, west: { consumeEnable: false } });
    expect(await settings(live)).toEqual({
      east: { ...before.east, consumeEnable: false, topic: { ...before.east.topic, perm: 4 } },
      west: { ...before.west, consumeEnable: true },
    });
    for (const queue of placesOf(live))
      expect(await clusters.west.admin.committed(groupOf(live.topic), queue)).toBe(CONSUMED);
    const status = await live.status();
    expect(status).not.toHaveProperty('heldBy');
    expect(status.flows?.map(({ source, primary }) => [source, primary])).toEqual([
      ['east', false],
      ['west', true],
    ]);
    return struck !== undefined;
  } finally {
    await producer.stop().catch(() => undefined);
    await live.close();
  }
}

/** The application's part: it stops when it is told to, and goes on at the destination. */
async function move(failover: WorkflowHandle, producer: MovingProducer, fence: 'broker' | 'external'): Promise<void> {
  if (fence === 'external') {
    await reaches(failover, ({ waitingFor }) => waitingFor === 'producersStopped');
    await producer.pause();
    await failover.signal('producersStopped');
  }
  await reaches(failover, ({ steps }) => steps.some(({ name, state }) => name === 'open' && state === 'done'));
  producer.moveTo(sides.west);
}

/** What is produced on the new side arrives on the old one, and both hold everything once, in order. */
async function copiesBack(live: LiveReplication, producer: MovingProducer): Promise<void> {
  const moved = total(producer);
  await eventually(RECOVERY_MS, () => total(producer) > moved + 200);
  await producer.stop();
  const all = producer.sent.map((count) => Array.from({ length: count }, (_, seq) => seq));
  await eventually(RECOVERY_MS, async () =>
    (await sequences(stack.east, live)).every((queue, id) => queue.length >= all[id]!.length),
  );
  expect(await sequences(stack.west, live)).toEqual(all);
  expect(await sequences(stack.east, live)).toEqual(all);
}

const LIMIT_MS = 5 * RECOVERY_MS;
const WHENS = ['before', 'after'] as const;

describe('the worker of a switchover is killed', () => {
  test.runIf(!FULL)(
    'before or after one of its activities',
    async () => {
      const nth = 1 + Math.floor(random() * FEWEST_ACTIVITIES);
      const when = WHENS[Math.floor(random() * 2)]!;
      expect(await survivesKill({ nth, when }, 'external')).toBe(true);
    },
    LIMIT_MS,
  );

  test.runIf(FULL)(
    'before and after each of its activities',
    async () => {
      for (let nth = 1; await survivesKill({ nth, when: 'before' }, 'external'); nth++)
        expect(await survivesKill({ nth, when: 'after' }, 'external'), `activity ${nth}`).toBe(true);
    },
    30 * LIMIT_MS,
  );

  test.runIf(FULL).each(['fenceBrokers', 'restoreBrokers'])(
    'while it fences brokers: at %s',
    async (activity) => {
      for (const when of WHENS) expect(await survivesKill({ nth: 1, when, activity }, 'broker'), when).toBe(true);
    },
    2 * LIMIT_MS,
  );
});

test.runIf(FULL)(
  'a fence whose owner died for good lifts by itself; who comes back to it puts everything back',
  async () => {
    const live = await LiveReplication.create(stack);
    const producer = new MovingProducer(live.topic, live.queues.length, sides.east);
    try {
      await live.start();
      await live.reaches(500, RECOVERY_MS);
      const before = await settings(live);
      const failover = await begin(live, { fence: 'broker', confirm: true });
      await reaches(failover, ({ waitingFor }) => waitingFor === 'confirm');
      await workers().control.kill();
      const died = Date.now();
      const sent = total(producer);
      await eventually(LAPSES_MS, () => {
        producer.tryAgain();
        return total(producer) > sent;
      });
      console.log(`sends were taken again ${Date.now() - died} ms after the owner's death`);
      await workers().startControl();
      await failover.signal('confirm');
      const { outcome, problems } = (await failover.result()) as FailoverResult;
      expect({ outcome, problems }).toEqual({
        outcome: 'aborted',
        problems: [expect.stringContaining('fence lapsed')],
      });
      expect(await settings(live)).toEqual(before);
      producer.tryAgain();
      await producer.stop();
      await live.reaches(total(producer), RECOVERY_MS);
      expect(await sequences(stack.west, live)).toEqual(await sequences(stack.east, live));
    } finally {
      await producer.stop().catch(() => undefined);
      await live.close();
    }
  },
  LAPSES_MS + 3 * RECOVERY_MS,
);

test(
  'aborted at each activity before the point of no return, everything is as it was, and production goes on',
  async () => {
    const live = await LiveReplication.create(stack);
    const producer = new MovingProducer(live.topic, live.queues.length, sides.east);
    try {
      await live.start();
      await live.reaches(500, RECOVERY_MS);
      const before = await settings(live);
      const { epoch } = await live.status();
      const all = Array.from({ length: BEFORE_NO_RETURN }, (_, index) => index + 1);
      const chosen = FULL ? all : [1 + Math.floor(random() * all.length)];
      for (const nth of chosen)
        for (const when of WHENS) {
          await workers().strikes.strikeAt({ nth, when, blow: 'stall' });
          const failover = await begin(live, { fence: 'external' });
          // the producers go on all the same: nobody has to stop for a rehearsal
          await failover.signal('producersStopped');
          const struck = await eventually(RECOVERY_MS, () => workers().strikes.struck());
          await failover.signal('abort', { reason: 'not today' });
          await workers().strikes.goOn();
          const result = (await failover.result()) as FailoverResult;
          console.log(`aborted ${when} activity ${nth} (${struck}): ${result.outcome}`);
          expect(result).toMatchObject({ problems: [expect.stringContaining('not today')] });
          expect(['aborted', 'refused']).toContain(result.outcome);
          expect(await settings(live), struck).toEqual(before);
          const status = await live.status();
          expect(status, struck).toMatchObject({ state: 'RUNNING', epoch });
          expect(status, struck).not.toHaveProperty('heldBy');
          expect(status.flows, struck).toBeUndefined();
        }
      const sent = total(producer);
      await eventually(RECOVERY_MS, () => total(producer) > sent + 200);
      await producer.stop();
      await live.reaches(total(producer), RECOVERY_MS);
      expect(await sequences(stack.west, live)).toEqual(await sequences(stack.east, live));
    } finally {
      await producer.stop().catch(() => undefined);
      await live.close();
    }
  },
  10 * LIMIT_MS,
);
