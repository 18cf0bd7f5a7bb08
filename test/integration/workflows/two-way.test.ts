import { Context } from '@temporalio/activity';
import { beforeEach, expect, test } from 'vitest';
import { NO_COUNTERS } from '../../../src/replication/messages.ts';
import type { Watched, WatchInput } from '../../../src/replication/topology.ts';
import { eventually } from '../../support/eventually.ts';
import { BACK, gap, INPUT, MAP, type PumpDouble, type ReplicationUnderTest } from '../../support/replication-rig.ts';
import { useRig } from './rig.ts';

const TWO_WAY = { ...INPUT, mode: 'two-way', parallelism: 1 };

const stage = useRig();

beforeEach(() => {
  stage.rig.prepare = ({ source }) => Promise.resolve({ map: source === 'west' ? BACK : MAP, starts: {} });
});

async function pumpOf(replication: ReplicationUnderTest, source: string): Promise<PumpDouble> {
  return await eventually(10_000, () =>
    stage.rig
      .pumpsOf(replication)
      .find(({ input }) => input.source === source && input.replication === replication.name),
  );
}

test('both directions are prepared and copied, told apart, paused, resumed and stopped together', async () => {
  const { rig } = stage;
  const replication = await rig.running(TWO_WAY);
  const [there, back] = [await pumpOf(replication, 'east'), await pumpOf(replication, 'west')];
  expect(back.input).toMatchObject({ source: 'west', destination: 'east', queues: BACK, shards: 1 });
  await replication.report(there, { source: 'east', counters: { ...NO_COUNTERS, copied: 7, loopSkipped: 1 } });
  await replication.report(back, { source: 'west', counters: { ...NO_COUNTERS, copied: 2, loopSkipped: 3 } });
  expect(await replication.status()).toMatchObject({
    mode: 'two-way',
    counters: { copied: 9, loopSkipped: 4 },
    flows: [
      { source: 'east', destination: 'west', counters: { copied: 7, loopSkipped: 1 }, queues: 4 },
      { source: 'west', destination: 'east', counters: { copied: 2, loopSkipped: 3 }, queues: 4 },
    ],
    shards: [
      { source: 'east', shard: 0 },
      { source: 'west', shard: 0 },
    ],
  });
  const { positions } = await replication.positions();
  expect(positions.map(({ source, broker, to }) => [source, broker, to.broker])).toEqual([
    ...Array<string[]>(4).fill(['east', 'east-a', 'west-a']),
    ...Array<string[]>(4).fill(['west', 'west-a', 'east-a']),
  ]);
  await replication.update('pause');
  expect(rig.pumpsOf(replication)).toEqual([]);
  await replication.update('resume');
  await pumpOf(replication, 'west');
  await replication.update('stop');
  expect(rig.pumpsOf(replication)).toEqual([]);
});

test('a queue that is blocked in both directions is named with its cluster', async () => {
  const replication = await stage.rig.running(TWO_WAY);
  for (const source of ['east', 'west']) {
    const blocked = [{ ...gap(1, 100, 250), broker: 'a' }];
    await replication.report(await pumpOf(replication, source), { source, blocked });
  }
  expect((await replication.status()).blocked).toMatchObject([{ source: 'east' }, { source: 'west' }]);
  expect(await replication.update('skipGap', { topic: 'orders', queue: 1 })).toMatchObject({
    done: false,
    reason: 'topic orders, queue 1 is blocked in both directions: say which with `source`: east, west',
  });
  expect(await replication.update('skipGap', { topic: 'orders', queue: 1, source: 'west' })).toMatchObject({
    done: true,
  });
  expect((await replication.status()).blocked).toMatchObject([{ source: 'east' }]);
  await replication.update('stop');
});

test('the pumps of both directions are watched once, and what is new on one side concerns its direction', async () => {
  const { rig } = stage;
  const watched: WatchInput[] = [];
  const found = new Map<string, (watched: Watched) => void>();
  rig.watch = (input) => {
    watched.push(input);
    return Promise.race([
      Context.current().cancelled,
      new Promise<Watched>((resolve) => found.set(input.source, resolve)),
    ]);
  };
  const replication = await rig.running(TWO_WAY);
  await eventually(10_000, () => watched.length === 2);
  expect(watched.map(({ source, settled }) => [source, settled !== undefined]).sort()).toEqual([
    ['east', true],
    ['west', false],
  ]);
  const [there, back] = [await pumpOf(replication, 'east'), await pumpOf(replication, 'west')];
  const activityId = back.pump.split('/')[1]!;
  found.get('east')!({ changes: [], surplus: [{ activityId, worker: '7@host' }] });
  await eventually(10_000, async () => (await pumpOf(replication, 'west')).input.notOn === '7@host');
  expect(await pumpOf(replication, 'east')).toBe(there);
  rig.prepare = ({ source }) =>
    Promise.resolve({ map: source === 'west' ? [...BACK, { ...BACK[0]!, topic: 'refunds' }] : MAP, starts: {} });
  found.get('west')!({ changes: ['topic refunds is new'], surplus: [] });
  await eventually(10_000, async () =>
    (await pumpOf(replication, 'west')).input.queues.some(({ topic }) => topic === 'refunds'),
  );
  expect(await pumpOf(replication, 'east')).toBe(there);
  await replication.update('stop');
});

test('an operator or a failover says which side is primary', async () => {
  const replication = await stage.rig.running(TWO_WAY);
  for (const primary of ['west', 'east']) {
    expect(await replication.update('reverse')).toMatchObject({ done: true });
    expect(await replication.status()).toMatchObject({ primary, flows: [{ source: 'east' }, { source: 'west' }] });
  }
  // it survives Temporal, for both directions (R12)
  expect(
    stage.rig.journal
      .filter(({ replication: name, primary }) => name === replication.name && primary)
      .map(({ source, primary, revision }) => [source, primary, revision]),
  ).toEqual([
    ['west', 'west', 1],
    ['east', 'west', 1],
    ['west', 'east', 2],
    ['east', 'east', 2],
  ]);
  expect(stage.rig.pumpsOf(replication)).toHaveLength(2);
  await replication.update('stop');
});
