import { expect, test } from 'vitest';
import type { FailoverConfig } from '../../src/replication/failover/input.ts';
import type { FailoverResult, FailoverStatus } from '../../src/replication/failover/messages.ts';
import { useClusters, useSides } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { GroupedReplication } from '../support/grouped-replication.ts';
import { smallMessages } from '../support/messages.ts';
import { comparedBothWays, onceBothWays } from '../support/oracle/both-ways.ts';
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
/** With a death at every activity. */
const MOVE_MS = 600_000;

const stack = useStack();
const clusters = useClusters(stack);
const sides = useSides(stack, clusters);
const workers = useStruckWorkers(stack);

/** A replication with a group, of which everything was copied but for what is stranded, and whose source is dead. */
async function lose(): Promise<GroupedReplication> {
  const grouped = await GroupedReplication.start(stack, clusters, smallMessages(COPIED, 1), CONSUMED);
  await (await grouped.live.handle()).executeUpdate('pause', { args: [{}] });
  await grouped.live.produce(smallMessages(STRANDED, 2));
  await stack.east.broker.kill();
  return grouped;
}

/** A worker is killed at every activity. @returns those at which one was */
async function move(grouped: GroupedReplication, config: Pick<FailoverConfig, 'mode' | 'fence'>, when: Strike['when']) {
  const strike: Strike = { nth: 1, when, blow: 'kill' };
  await workers().strikes.strikeAt(strike);
  const failover = await grouped.move(config);
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

test.runIf(FULL).each(['before', 'after'] as const)(
  'the worker of a failover and of a failback is killed %s each of their activities: they come to the same end',
  async (when) => {
    const lost = await lose();
    const { live, group, queues } = lost;
    try {
      const failover = await move(lost, { mode: 'failover' }, when);
      expect(failover.killedAt).toHaveLength(OF_FAILOVER);
      expect(failover.result.rpo!.queues.map(({ copiedUpTo }) => copiedUpTo)).toEqual(
        queues.west.map(() => COPIED / queues.west.length),
      );
      expect(await lost.settings('west')).toEqual({ perm: 6, consumeEnable: true });
      expect(await lost.stands('west', CONSUMED)).toBe(true);
      expect(await live.status()).toMatchObject({
        ...{ state: 'PAUSED', epoch: 2, primary: 'west', lost: { cluster: 'east' } },
      });
      expect(await live.status()).not.toHaveProperty('heldBy');

      await produce({ writer: sides.west.writer, queues: queues.west, messages: smallMessages(MEANWHILE, 3) });
      await lost.consume('west', CONSUMED_MEANWHILE);
      await stack.east.broker.start();
      const failback = await move(lost, { mode: 'failback', fence: 'external' }, when);
      expect(failback.killedAt.length).toBeGreaterThanOrEqual(FEWEST_OF_FAILBACK);
      expect(failback.result).toMatchObject({
        strandedTail: { messages: STRANDED },
        repeats: { groups: [{ group, messages: 0, stranded: 0 }] },
      });
      expect(await lost.settings('west')).toEqual({ perm: 4, consumeEnable: false });
      expect(await lost.settings('east')).toEqual({ perm: 6, consumeEnable: true });
      expect(await lost.stands('east', CONSUMED_MEANWHILE)).toBe(true);
      const status = await live.status();
      expect(status).toMatchObject({ state: 'RUNNING', primary: 'east', blocked: [] });
      expect(status).not.toHaveProperty('heldBy');
      expect(status).not.toHaveProperty('lost');
      expect(await comparedBothWays(stack, live.topic)).toEqual(onceBothWays(COPIED + STRANDED, MEANWHILE));
    } finally {
      await stack.east.broker.start().catch(() => undefined);
      await live.close();
    }
  },
  3 * MOVE_MS,
);
