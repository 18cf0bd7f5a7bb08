import { expect, test } from 'vitest';
import type { Queue } from '../../src/transport/types.ts';
import { useClusters } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { readQueue } from '../support/retries.ts';
import { useStack, type TestCluster } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { useWorkerAndConsumers } from '../support/use-worker.ts';

const MESSAGES = 40;
const FAIL_EVERY = 4;
const FAILED = MESSAGES / FAIL_EVERY;
/** Messages that a pop consumer refuses come back after 10 s. */
const MODES = FULL ? (['push', 'pop'] as const) : (['push'] as const);

const stack = useStack();
const { east, west } = useClusters(stack);
const consumers = useWorkerAndConsumers(stack);

test.each(MODES)(
  'R10: what the official Java client failed to process on the source as a %s consumer is tried again at the destination, once, and nothing else',
  async (mode) => {
    const live = await LiveReplication.create(stack);
    const group = `${live.name}-${mode}`;
    const retries = mode === 'push' ? `%RETRY%${group}` : `%RETRY%${group}_${live.topic}`;
    const got = (side: 'east' | 'west') => consumers().ledger(`${group}-${side}`);
    const consume = (name: string, { nameServers: servers }: TestCluster, failEvery = 0) =>
      consumers().start({ name: `${group}-${name}`, mode, servers, group, topic: live.topic, failEvery });
    const waiting = ({ brokerName }: TestCluster): Queue => ({ topic: retries, broker: brokerName, id: 0 });
    try {
      await east.admin.createGroup(group);
      for (const queue of live.queues) await east.admin.commit(group, queue, 0);
      await consume('east', stack.east, FAIL_EVERY);
      await live.produce(Array.from({ length: MESSAGES }, (_, number) => message(number)));
      await eventually(60_000, () => got('east').length >= MESSAGES);
      await consumers().stop(`${group}-east`);
      // a push consumer's still wait for their time; it is their topic that is there from the first
      if (mode === 'pop')
        await eventually(60_000, async () => (await east.admin.range(waiting(stack.east))).max === FAILED);
      await live.start({ groups: [group] });

      const writer = west.openDestination();
      const copies = await eventually(60_000, async () => {
        const stored = await readQueue(writer, waiting(stack.west));
        return stored.length >= FAILED ? stored : undefined;
      });
      writer.close();
      expect(copies.map(({ reconsumeTimes }) => reconsumeTimes)).toEqual(copies.map(() => 1));
      const committed = () =>
        Promise.all(
          live.queues.map((queue) => west.admin.committed(group, { ...queue, broker: stack.west.brokerName })),
        );
      await eventually(30_000, async () => (await committed()).reduce<number>((a, b = 0) => a + b, 0) === MESSAGES);
      const settings = (await west.admin.groupConfig(stack.west.brokerName, group))!;
      await west.admin.putGroup(stack.west.brokerName, { ...settings, consumeEnable: true });
      // the last of each queue: who has passed these, and all that waited, is given nothing else
      const last = live.queues.map((_, number) => message(MESSAGES + number));
      await live.produce(last);
      await consume('west', stack.west);
      await eventually(60_000, () => got('west').length >= FAILED + last.length);
      await consumers().stop(`${group}-west`);
      const ends = [...live.queues.map((queue) => ({ ...queue, broker: stack.west.brokerName })), waiting(stack.west)];
      await eventually(30_000, async () => {
        for (const queue of ends)
          if ((await west.admin.committed(group, queue)) !== (await west.admin.range(queue)).max) return false;
        return true;
      });
      const refused = got('east').filter(({ acknowledged }) => !acknowledged);
      expect(
        got('west')
          .map(({ keys, attempt }) => `${keys}, attempt ${attempt}`)
          .sort(),
      ).toEqual(
        [
          ...refused.map(({ keys }) => `${keys}, attempt 1`),
          ...last.map((_, number) => `order-${MESSAGES + number}, attempt 0`),
        ].sort(),
      );
    } finally {
      await live.close();
    }
  },
  300_000,
);

function message(number: number) {
  const properties = [
    ['KEYS', `order-${number}`],
    ['UNIQ_KEY', number.toString(16).toUpperCase().padStart(32, '0')],
  ] as const;
  return { flag: 0, sysFlag: 0, body: Buffer.from(`order ${number}`), properties };
}
