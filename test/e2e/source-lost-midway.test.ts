import { describe, expect, test } from 'vitest';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import { useClusters, useSides } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { GroupedReplication } from '../support/grouped-replication.ts';
import { smallMessages } from '../support/messages.ts';
import { comparedBothWays, onceBothWays } from '../support/oracle/both-ways.ts';
import { produce } from '../support/producer.ts';
import { useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { useStruckWorkers } from '../support/struck-workers.ts';

const COPIED = 400;
/** Produced on the destination since the switchover opened it; and since the failover. */
const MOVED = 60;
const MEANWHILE = 40;
const CONSUMED = 50;
const CONSUMED_MEANWHILE = 80;
const RECOVERY_MS = 90_000;
/** A switchover that nobody ends finds out by itself that it cannot go on. */
const GIVES_UP_MS = 1_200_000;

const stack = useStack();
const clusters = useClusters(stack);
const sides = useSides(stack, clusters);
const workers = useStruckWorkers(stack);

async function produceToWest({ queues: { west } }: GroupedReplication, count: number, seed: number): Promise<void> {
  await produce({ writer: sides.west.writer, queues: west, messages: smallMessages(count, seed) });
}

const CASES = [
  { at: 'awaitCopied', isOpen: false, outcome: 'aborted' },
  { at: 'settleGroups', isOpen: true, outcome: 'incomplete' },
] as const;

describe.each(CASES)('the source dies during a switchover, at $at', ({ at, isOpen, outcome }) => {
  test.runIf(FULL).each(['ended by an operator', 'left to itself'] as const)(
    '%s, a failover follows, and a failback home: every message once, the group exactly where it stood',
    async (end) => {
      const moving = await GroupedReplication.start(stack, clusters, smallMessages(COPIED, 1), CONSUMED);
      const { live } = moving;
      try {
        const { strikes } = workers();
        await strikes.strikeAt({ nth: 1, when: 'before', blow: 'stall', activity: at });
        const switchover = await moving.move({ mode: 'switchover', fence: 'external' });
        await switchover.signal('producersStopped');
        await eventually(RECOVERY_MS, () => strikes.struck());
        if (isOpen) await produceToWest(moving, MOVED, 2);
        await stack.east.broker.kill();
        const died = Date.now();
        if (end === 'ended by an operator') {
          await switchover.terminate('its source is gone');
          await strikes.goOn();
          await (await live.handle()).executeUpdate('release', { args: [{ by: 'kim' }] });
        } else {
          await strikes.goOn();
          const result = (await switchover.result()) as FailoverResult;
          console.log(`${result.outcome} after ${Date.now() - died} ms: ${result.problems.join('\n')}`);
          expect(result.outcome).toBe(outcome);
        }

        const failover = (await (await moving.move({ mode: 'failover' })).result()) as FailoverResult;
        expect(failover).toMatchObject({ outcome: 'done', problems: [] });
        expect(await moving.settings('west')).toEqual({ perm: 6, consumeEnable: true });
        expect(await moving.stands('west', CONSUMED)).toBe(true);
        expect(await live.status()).toMatchObject({ state: 'PAUSED', primary: 'west', lost: { cluster: 'east' } });

        await produceToWest(moving, MEANWHILE, 3);
        await moving.consume('west', CONSUMED_MEANWHILE);
        await stack.east.broker.start();
        const home = await moving.move({ mode: 'failback', fence: 'external' });
        await home.signal('producersStopped');
        expect(await home.result()).toMatchObject({
          ...{ outcome: 'done', problems: [], strandedTail: { messages: 0 } },
          repeats: { groups: [{ messages: 0, stranded: 0 }] },
        });
        expect(await moving.settings('west')).toEqual({ perm: 4, consumeEnable: false });
        expect(await moving.settings('east')).toEqual({ perm: 6, consumeEnable: true });
        expect(await moving.stands('east', CONSUMED_MEANWHILE)).toBe(true);
        const status = await live.status();
        expect(status).toMatchObject({ state: 'RUNNING', primary: 'east', blocked: [] });
        expect(status).not.toHaveProperty('heldBy');
        const toEast = MEANWHILE + (isOpen ? MOVED : 0);
        expect(await comparedBothWays(stack, live.topic)).toEqual(onceBothWays(COPIED, toEast));
      } finally {
        await stack.east.broker.start().catch(() => undefined);
        await live.close();
      }
    },
    GIVES_UP_MS + 5 * RECOVERY_MS,
  );
});
