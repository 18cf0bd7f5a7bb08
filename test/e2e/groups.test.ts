import { expect, it } from 'vitest';
import type { GroupsView } from '../../src/replication/group-progress.ts';
import { useClusters } from '../support/clusters.ts';
import { cli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { useWorker } from '../support/use-worker.ts';

const [GROUPS, MOVING, RATE, MOVES] = FULL ? [200, 20, 10_000, 50] : [20, 4, 1_000, 8];
/** Promised. ms */
const FOLLOWS_WITHIN_MS = 2000;

const stack = useStack();
const { east, west } = useClusters(stack);
useWorker(stack);

it('R10: progress follows within 2 s while messages are copied', async () => {
  const live = await LiveReplication.create(stack);
  const end = new AbortController();
  const copies = live.queues.map((queue) => ({ ...queue, broker: stack.west.brokerName }));
  const groups = Array.from({ length: GROUPS }, (_, index) => `${live.name}-${index}`);
  try {
    for (const group of groups) {
      await east.admin.createGroup(group);
      for (const queue of live.queues) await east.admin.commit(group, queue, 0);
    }
    const messages = mixedMessages({ count: Infinity, seed: 3, meanBytes: 100, large: 0, largestBytes: 0 });
    const producing = live.produceOn(messages, RATE, end.signal);
    await live.start({ groups: [`${live.name}-*`] });
    await live.reaches(RATE, 60_000);
    // the first sync creates all groups
    const committed = (group: string) => Promise.all(copies.map((queue) => west.admin.committed(group, queue)));
    await eventually(60_000, async () => (await committed(groups.at(-1)!)).every((offset) => offset === 0));

    const latencies: number[] = [];
    const [before, began] = [await requests(live), performance.now()];
    for (let move = 0; move < MOVES; move++) {
      const offsets = await Promise.all(copies.map(async (queue) => (await west.admin.range(queue)).max));
      const moved = groups.slice(0, MOVING);
      await Promise.all(
        moved.flatMap((group) => live.queues.map((queue, index) => east.admin.commit(group, queue, offsets[index]!))),
      );
      const from = performance.now();
      // the destination holds nothing but copies: an offset is the same on both sides
      await Promise.all(
        moved.map((group) =>
          eventually(10_000, async () => JSON.stringify(await committed(group)) === JSON.stringify(offsets)),
        ),
      );
      latencies.push(performance.now() - from);
    }
    const perSecond = ((await requests(live)) - before) / ((performance.now() - began) / 1000);
    end.abort();
    await producing;
    console.log(
      `${GROUPS} groups, ${MOVING} of them moving, ${RATE} messages/s: followed after ` +
        `${latencies.map((ms) => ms.toFixed(0)).join(', ')} ms; ${perSecond.toFixed(0)} requests/s`,
    );
    expect(Math.max(...latencies)).toBeLessThan(FOLLOWS_WITHIN_MS);
    for (const group of groups.slice(MOVING)) expect(await committed(group)).toEqual([0, 0, 0, 0]);
    expect(await west.admin.groupConfig(stack.west.brokerName, groups[0]!)).toMatchObject({ consumeEnable: false });
    await isShown(live, groups);
  } finally {
    end.abort();
    await live.close();
  }
}, 300_000);

/** What the sync has sent so far, by its heartbeats. */
async function requests(live: LiveReplication): Promise<number> {
  return await eventually(20_000, async () => {
    const { raw } = await (await live.handle()).describe();
    const sync = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'syncGroups');
    const data = sync?.heartbeatDetails?.payloads?.[0]?.data;
    return data ? (JSON.parse(Buffer.from(data).toString()) as { requests: number }).requests : undefined;
  });
}

/** By the query and at the command line. */
async function isShown(live: LiveReplication, groups: readonly string[]): Promise<void> {
  const handle = await live.handle();
  const view = await eventually(70_000, async () => {
    const found = await handle.query<GroupsView>('groups');
    return found.at !== undefined && found;
  });
  expect(view.groups.map(({ group }) => group).sort()).toEqual([...groups].sort());
  const [first] = view.groups;
  expect(first).toMatchObject({ syncedAt: expect.any(String) as string });
  expect(first).toMatchObject({ retries: 0 });
  expect(first).not.toHaveProperty('problem');

  const environment = { TEMPORAL_ADDRESS: stack.temporal.address };
  const asked = ['groups', live.name, '--config', stack.config];
  const { code, stdout } = await cli([...asked, '--json'], environment);
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as { read: string; groups: { group: string; queues: unknown[] }[] };
  expect(report.read).toBe('now');
  expect(report.groups.map(({ group }) => group).sort()).toEqual([...groups].sort());
  expect(report.groups[0]!.queues).toHaveLength(live.queues.length);
  expect((await cli(asked, environment)).stdout).toContain('STILL TO MOVE');
}
