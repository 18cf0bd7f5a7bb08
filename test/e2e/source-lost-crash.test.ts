import { expect, test } from 'vitest';
import type { FailoverConfig } from '../../src/replication/failover/input.ts';
import {
  FAILOVER_WORKFLOW,
  failoverId,
  type FailoverResult,
  type FailoverStatus,
} from '../../src/replication/failover/messages.ts';
import { TASK_QUEUE } from '../../src/replication/messages.ts';
import type { Cluster, Queue } from '../../src/transport/types.ts';
import { useClusters, useSides } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { comparedBothWays } from '../support/oracle/both-ways.ts';
import { produce } from '../support/producer.ts';
import { useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import type { Strike } from '../support/strikes.ts';
import { useStruckWorkers } from '../support/struck-workers.ts';

/** A failover with groups has so many activities, a failback of it more. */
const OF_FAILOVER = 7;
const FEWEST_OF_FAILBACK = 20;
const COPIED = 400;
const STRANDED = 40;
const MEANWHILE = 60;
/** Where the group stands in each queue when the source is lost, and when it moves home. */
const CONSUMED = 50;
const CONSUMED_MEANWHILE = 80;
const RECOVERY_MS = 90_000;
/** With a death at every activity. */
const MOVE_MS = 600_000;
const ONCE = { lost: 0, repeated: 0, outOfOrder: 0, changed: 0 };

const stack = useStack();
const clusters = useClusters(stack);
const sides = useSides(stack, clusters);
const workers = useStruckWorkers(stack);

function messages(count: number, seed: number) {
  return mixedMessages({ count, seed, meanBytes: 100, large: 0, largestBytes: 0 });
}

/** A replication with a group, of which everything was copied but for what is stranded, and whose source is dead. */
class LostSource {
  readonly live: LiveReplication;
  readonly group: string;
  readonly copies: readonly Queue[];

  private constructor(live: LiveReplication) {
    this.live = live;
    this.group = `${live.topic}-group`;
    this.copies = live.queues.map((queue) => ({ ...queue, broker: stack.west.brokerName }));
  }

  static async create(): Promise<LostSource> {
    const lost = new LostSource(await LiveReplication.create(stack));
    const { live, group, copies } = lost;
    await clusters.east.admin.createGroup(group);
    await live.produce(messages(COPIED, 1));
    for (const queue of live.queues) await clusters.east.admin.commit(group, queue, CONSUMED);
    await live.start({ groups: [group] });
    await live.reaches(COPIED, RECOVERY_MS);
    await eventually(RECOVERY_MS, () => lost.stands(clusters.west, copies, CONSUMED));
    await (await live.handle()).executeUpdate('pause', { args: [{}] });
    await live.produce(messages(STRANDED, 2));
    await stack.east.broker.kill();
    return lost;
  }

  /** Whether the group stands there in each queue. */
  async stands({ admin }: Cluster, queues: readonly Queue[], at: number): Promise<boolean> {
    const places = await Promise.all(queues.map((queue) => admin.committed(this.group, queue)));
    return places.every((offset) => offset === at);
  }

  async settings(name: 'east' | 'west') {
    const [{ admin }, { brokerName }] = [clusters[name], stack[name]];
    return {
      perm: (await admin.topicConfig(brokerName, this.live.topic))?.perm,
      consumeEnable: (await admin.groupConfig(brokerName, this.group))?.consumeEnable,
    };
  }

  /** A worker is killed at every activity. @returns those at which one was */
  async move(config: Pick<FailoverConfig, 'mode' | 'fence'>, when: Strike['when']) {
    const { client } = await this.live.handle();
    const strike: Strike = { nth: 1, when, blow: 'kill' };
    await workers().strikes.strikeAt(strike);
    const failover = await client.start(FAILOVER_WORKFLOW, {
      taskQueue: TASK_QUEUE,
      workflowId: failoverId(this.live.name),
      args: [{ replication: this.live.name, ...config }],
    });
    const result = failover.result() as Promise<FailoverResult>;
    const asked = eventually(MOVE_MS, async () => {
      const { waitingFor } = await failover.query<FailoverStatus>('status').catch(() => ({ waitingFor: undefined }));
      return waitingFor === 'producersStopped';
    }).then(() => failover.signal('producersStopped'));
    const told = Promise.race([result, asked]);
    const began = Date.now();
    const killedAt: string[] = [];
    for (;;) {
      const struck = await workers().outliveBlow(result, MOVE_MS, strike);
      if (struck === undefined) break;
      killedAt.push(struck);
    }
    console.log(`${config.mode}, killed ${when}: ${killedAt.join(', ')}; ${Date.now() - began} ms`);
    expect(await result).toMatchObject({ outcome: 'done', problems: [] });
    await told;
    return { result: await result, killedAt };
  }
}

test.runIf(FULL).each(['before', 'after'] as const)(
  'the worker of a failover and of a failback is killed %s each of their activities: they come to the same end',
  async (when) => {
    const lost = await LostSource.create();
    const { live, group, copies } = lost;
    try {
      const failover = await lost.move({ mode: 'failover' }, when);
      expect(failover.killedAt).toHaveLength(OF_FAILOVER);
      expect(failover.result.rpo!.queues.map(({ copiedUpTo }) => copiedUpTo)).toEqual(
        copies.map(() => COPIED / copies.length),
      );
      expect(await lost.settings('west')).toEqual({ perm: 6, consumeEnable: true });
      expect(await lost.stands(clusters.west, copies, CONSUMED)).toBe(true);
      expect(await live.status()).toMatchObject({
        ...{ state: 'PAUSED', epoch: 2, primary: 'west', lost: { cluster: 'east' } },
      });
      expect(await live.status()).not.toHaveProperty('heldBy');

      await produce({ writer: sides.west.writer, queues: copies, messages: messages(MEANWHILE, 3) });
      for (const queue of copies) await clusters.west.admin.commit(group, queue, CONSUMED_MEANWHILE);
      await stack.east.broker.start();
      const failback = await lost.move({ mode: 'failback', fence: 'external' }, when);
      expect(failback.killedAt.length).toBeGreaterThanOrEqual(FEWEST_OF_FAILBACK);
      expect(failback.result).toMatchObject({
        strandedTail: { messages: STRANDED },
        repeats: { groups: [{ group, messages: 0, stranded: 0 }] },
      });
      expect(await lost.settings('west')).toEqual({ perm: 4, consumeEnable: false });
      expect(await lost.settings('east')).toEqual({ perm: 6, consumeEnable: true });
      expect(await lost.stands(clusters.east, live.queues, CONSUMED_MEANWHILE)).toBe(true);
      const status = await live.status();
      expect(status).toMatchObject({ state: 'RUNNING', primary: 'east', blocked: [] });
      expect(status).not.toHaveProperty('heldBy');
      expect(status).not.toHaveProperty('lost');
      const [toWest, toEast] = [COPIED + STRANDED, MEANWHILE];
      expect(await comparedBothWays(stack, live.topic)).toEqual({
        toWest: { source: toWest, copied: toWest, ...ONCE },
        toEast: { source: toEast, copied: toEast, ...ONCE },
      });
    } finally {
      await stack.east.broker.start().catch(() => undefined);
      await live.close();
    }
  },
  3 * MOVE_MS,
);
