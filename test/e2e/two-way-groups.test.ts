import { expect, test } from 'vitest';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import { holdEachOnce } from '../support/both-ways.ts';
import { useClusters, useSides } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { failoverCommand, failoverStatus, hasDone } from '../support/failover-command.ts';
import type { Consumed } from '../support/java-consumers.ts';
import { LiveReplication } from '../support/live-replication.ts';
import type { TestMessage } from '../support/messages.ts';
import { MovingProducer } from '../support/moving-producer.ts';
import { produce } from '../support/producer.ts';
import { useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { useWorkerAndConsumers } from '../support/use-worker.ts';

/** Produced on each side before the application moves on. */
const MESSAGES = 10_000;
/** Produced on the other side while the application is served at home. */
const FOREIGN = 2_000;
const LIMIT_MS = 120_000;
const NAMES = ['orderly', 'push'] as const;

const stack = useStack();
const clusters = useClusters(stack);
const sides = useSides(stack, clusters);
const consumers = useWorkerAndConsumers(stack);

test.runIf(FULL)(
  'R10: of a task that copies both ways an application moves there and home again: its groups get every message of either side, none twice',
  async () => {
    const live = await LiveReplication.create(stack);
    const groupOf = (name: string) => `${live.topic}-${name}`;
    const workOn = async (side: Side) => {
      for (const name of NAMES) {
        const where = { servers: stack[side].nameServers, topic: live.topic, group: groupOf(name) };
        await consumers().start({ ...where, name: `${groupOf(name)}-${side}`, mode: name });
      }
    };
    const leave = (side: Side) => Promise.all(NAMES.map((name) => consumers().stop(`${groupOf(name)}-${side}`)));
    const ledger = (name: string): Consumed[] =>
      (['east', 'west'] as const)
        .flatMap((side) => consumers().ledger(`${groupOf(name)}-${side}`))
        .sort((a, b) => a.at - b.at);
    let producer: MovingProducer | undefined;
    try {
      for (const name of NAMES) {
        await clusters.east.admin.createGroup(groupOf(name));
        for (const queue of live.queues) await clusters.east.admin.commit(groupOf(name), queue, 0);
      }
      await live.start({ mode: 'two-way', groups: NAMES.map(groupOf) });
      await eventually(LIMIT_MS, async () => (await live.status()).state === 'RUNNING');
      await workOn('east');
      const onWest = live.queues.map((queue) => ({ ...queue, broker: stack.west.brokerName }));
      const foreign = produce({ writer: sides.west.writer, queues: onWest, messages: foreignMessages(), rate: 1_000 });
      const going = (producer = new MovingProducer(live.topic, live.queues.length, sides.east));
      const produced = () => going.sent.reduce((sum, count) => sum + count, 0);
      await foreign;
      for (const [from, to] of [
        ['east', 'west'],
        ['west', 'east'],
      ] as const) {
        const more = produced() + MESSAGES;
        await eventually(LIMIT_MS, () => produced() > more);
        const result = await move(live, going, to, async () => {
          await leave(from);
          await workOn(to);
        });
        expect(result).toMatchObject({ outcome: 'done', problems: [] });
        console.log(
          `${from} to ${to}: write pause ${result.writePauseMs} ms, read pause ${result.readPauseMs} ms, ${JSON.stringify(result.groups)}`,
        );
        expect(await live.status()).toMatchObject({ primary: to });
      }
      const more = produced() + MESSAGES;
      await eventually(LIMIT_MS, () => produced() > more);
      await going.stop();
      const total = produced() + FOREIGN;
      await eventually(LIMIT_MS, () => NAMES.every((name) => ledger(name).length >= total)).catch(() => undefined);
      for (const name of NAMES) {
        const keys = ledger(name).map((consumed) => consumed.keys);
        expect({ name, given: keys.length, different: new Set(keys).size }).toEqual({
          ...{ name, given: total, different: total },
        });
      }
      const all = going.sent.map((count) => Array.from({ length: count }, (_, number) => number));
      expect(orderOf(ledger('orderly'))).toEqual(all);
      await holdEachOnce(stack, live, LIMIT_MS);
    } finally {
      await producer?.stop().catch(() => undefined);
      await live.close();
    }
  },
  600_000,
);

type Side = 'east' | 'west';

/** @param change once the groups may consume on the new side */
async function move(
  live: LiveReplication,
  producer: MovingProducer,
  to: Side,
  change: () => Promise<void>,
): Promise<FailoverResult> {
  const running = failover(live.name, '--fence', 'external');
  await eventually(LIMIT_MS, async () => (await failoverStatus(live)).waitingFor === 'producersStopped').catch(
    async () => {
      throw new Error(JSON.stringify(await failoverStatus(live)));
    },
  );
  await producer.pause();
  await failover(live.name, '--send', 'producersStopped');
  await eventually(LIMIT_MS, () => hasDone(live, 'open'));
  producer.moveTo(sides[to]);
  await eventually(LIMIT_MS, () => hasDone(live, 'enable-groups'));
  await change();
  return JSON.parse((await running).stdout) as FailoverResult;
}

const failover = failoverCommand(stack);

function* foreignMessages(): Generator<TestMessage> {
  for (let seq = 0; seq < FOREIGN; seq++)
    yield { flag: 0, sysFlag: 0, body: Buffer.from(`foreign ${seq}`), properties: [['KEYS', `foreign-${seq}`]] };
}

/** Numbers of the application's own messages in each queue, in the order in which they were processed. */
function orderOf(ledger: readonly Consumed[]): number[][] {
  const queues: number[][] = [[], [], [], []];
  for (const { queue, keys } of ledger)
    if (!keys.startsWith('foreign')) queues[queue]!.push(Number(keys.split('-')[1]));
  return queues;
}
