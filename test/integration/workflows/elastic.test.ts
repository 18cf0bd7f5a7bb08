import { Context } from '@temporalio/activity';
import { afterEach, expect, test } from 'vitest';
import type { Prepared, PrepareInput } from '../../../src/replication/preparation.ts';
import { countQueues, type QueueRange } from '../../../src/replication/queue-map.ts';
import type { Watched, WatchInput } from '../../../src/replication/topology.ts';
import { eventually } from '../../support/eventually.ts';
import { gap, INPUT, MAP, type PumpDouble, type ReplicationUnderTest } from '../../support/replication-rig.ts';
import { useRig } from './rig.ts';

const stage = useRig();
const REFUNDS: QueueRange = { ...MAP[0]!, topic: 'refunds' };

afterEach(() => {
  stage.rig.prepare = () => Promise.resolve({ map: MAP, starts: {} });
  stage.rig.watch = () => Context.current().cancelled;
  stage.rig.beforePumpEnds = () => Promise.resolve();
});

/** Waits until so many pumps are at work, by shard. */
async function pumps(replication: ReplicationUnderTest, count: number): Promise<PumpDouble[]> {
  return await eventually(15_000, () => {
    const now = stage.rig.pumpsOf(replication);
    return now.length === count && now.toSorted((a, b) => a.input.shard - b.input.shard);
  });
}

const queuesOf = (all: readonly PumpDouble[]) => all.map(({ input }) => countQueues(input.queues));

test('rescale deals the queues out anew; blocked queues, skips and positions stay', async () => {
  const { rig } = stage;
  rig.prepare = () => Promise.resolve({ map: MAP, starts: { 'payments/east-a/1': 7 } });
  const replication = await rig.running();
  const [orders] = await pumps(replication, 2);
  await replication.report(orders!, { blocked: [gap(1, 100, 250)] });
  await replication.update('skipGap', { topic: 'orders', queue: 1 });
  const [again] = await eventually(10_000, async () => {
    const now = await pumps(replication, 2);
    return now[0]!.pump !== orders!.pump && now;
  });
  await replication.report(again!, { blocked: [gap(0, 3, 9)], next: { 'orders/east-a/0': 3 } });
  expect(await replication.update('rescale', { parallelism: 4 })).toEqual({ done: true, state: 'RUNNING' });
  const four = await pumps(replication, 4);
  expect(queuesOf(four)).toEqual([1, 1, 1, 1]);
  expect(four[1]!.input).toMatchObject({ shards: 4, skips: { 'orders/east-a/1': 250 } });
  expect(four[3]!.input.starts).toEqual({ 'payments/east-a/1': 7 });
  const status = await replication.status();
  expect(status).toMatchObject({ health: 'BLOCKED', blocked: [gap(0, 3, 9)], input: { parallelism: 4 } });
  expect((await replication.positions()).positions[0]).toMatchObject({ topic: 'orders', queue: 0, next: 10 });
  expect(await replication.update('rescale', { parallelism: 1 })).toMatchObject({ done: true });
  expect(queuesOf(await pumps(replication, 1))).toEqual([4]);
  for (const parallelism of [0, 257, undefined])
    await expect(replication.update('rescale', { parallelism })).rejects.toThrow();
  await replication.update('stop');
});

test('R6: a queue that moves is copied again only when the pump that had it has ended', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const before = await pumps(replication, 2);
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  rig.beforePumpEnds = ({ shard }) => (shard === 0 ? released : Promise.resolve());
  const rescaling = replication.update('rescale', { parallelism: 1 });
  await eventually(15_000, () => rig.pumpsOf(replication).length === 1);
  expect(rig.pumpsOf(replication)).toEqual([before[0]]);
  release();
  expect(await rescaling).toMatchObject({ done: true });
  expect(queuesOf(await pumps(replication, 1))).toEqual([4]);
  await replication.update('stop');
});

test('rescale works in every state', async () => {
  const { rig } = stage;
  rig.prepare = () => Promise.reject(new Error('east is away'));
  const replication = await rig.begin();
  expect(await replication.update('rescale', { parallelism: 4 })).toEqual({ done: true, state: 'STARTING' });
  rig.prepare = () => Promise.resolve({ map: MAP, starts: {} });
  expect(queuesOf(await pumps(replication, 4))).toEqual([1, 1, 1, 1]);
  await replication.update('pause');
  expect(await replication.update('rescale', { parallelism: 2 })).toEqual({ done: true, state: 'PAUSED' });
  expect(rig.pumpsOf(replication)).toEqual([]);
  await replication.update('resume');
  expect(queuesOf(await pumps(replication, 2))).toEqual([2, 2]);
  await replication.update('stop');
});

test('updateConfig restarts pumps with what changed, and only then', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const before = await pumps(replication, 2);
  expect(await replication.update('updateConfig', { onGap: 'block', source: 'east' })).toMatchObject({ done: true });
  expect(await pumps(replication, 2)).toEqual(before);
  const changes = { onGap: 'skip', tags: [{ key: 'k', value: 'v' }], rateLimit: { messagesPerSecond: 10 } };
  expect(await replication.update('updateConfig', { by: 'kim', ...changes })).toMatchObject({ done: true });
  const after = await pumps(replication, 2);
  for (const { input } of after)
    expect(input).toMatchObject({ onGap: 'skip', tags: changes.tags, rateLimit: { messagesPerSecond: 5 } });
  expect((await replication.status()).input).toMatchObject(changes);
  // a limit is divided over the shards, so all of them change with their number
  await replication.update('rescale', { parallelism: 4 });
  for (const { input } of await pumps(replication, 4)) expect(input.rateLimit).toEqual({ messagesPerSecond: 2 });
  await replication.update('stop');
});

test('updateConfig is refused as a whole, with the field and what to do', async () => {
  const replication = await stage.rig.running();
  for (const [changes, reason] of [
    [{ onGap: 'skip', start: 'latest' }, 'start: cannot change while the replication runs; it needs stop and start'],
    [{ topics: ['orders'] }, 'topics: leaves out payments; taking topics away needs stop and start'],
    [{ exclude: ['orders'] }, 'exclude: expected no entry of topics'],
    [{ mode: 'two-way' }, 'mode: cannot change'],
  ] as const) {
    expect(await replication.update('updateConfig', changes)).toEqual({
      done: false,
      reason: expect.stringContaining(reason) as string,
    });
    expect((await replication.status()).input.onGap).toBe('block');
  }
  await expect(replication.update('updateConfig', { paralellism: 2 })).rejects.toThrow();
  await replication.update('stop');
});

test('updateConfig adds topics when they are found, in RUNNING, PAUSED and STARTING', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const before = await pumps(replication, 2);
  const prepared: PrepareInput[] = [];
  rig.prepare = (input) => {
    prepared.push(input);
    return Promise.reject(new Error('topics[2]: topic refunds does not exist on east'));
  };
  const topics = [...INPUT.topics, 'refunds'];
  expect(await replication.update('updateConfig', { topics })).toEqual({
    done: false,
    reason: 'topics[2]: topic refunds does not exist on east',
  });
  expect(prepared[0]).toMatchObject({ input: { topics }, map: MAP, discovering: false });
  expect(await pumps(replication, 2)).toEqual(before);
  rig.prepare = ({ map }) => Promise.resolve({ map: [...map, REFUNDS], starts: { 'refunds/east-a/0': 5 } });
  expect(await replication.update('updateConfig', { topics })).toMatchObject({ done: true });
  const after = await pumps(replication, 2);
  expect(queuesOf(after)).toEqual([3, 3]);
  expect(after[0]!.input.starts).toEqual({ 'refunds/east-a/0': 5 });
  expect((await replication.status()).topics).toEqual(topics);

  await replication.update('pause');
  const more: QueueRange = { ...REFUNDS, topic: 'returns' };
  rig.prepare = ({ map }) => Promise.resolve({ map: map.includes(more) ? map : [...map, more], starts: {} });
  const wider = { topics: [...topics, 'returns'] };
  expect(await replication.update('updateConfig', wider)).toEqual({ done: true, state: 'PAUSED' });
  rig.prepare = (input) =>
    input.input.topics.includes('later')
      ? Promise.resolve({ map: input.map, starts: {} })
      : Promise.reject(new Error('east is away'));
  await replication.update('resume');
  const last = { topics: [...wider.topics, 'later'] };
  expect(await replication.update('updateConfig', last)).toMatchObject({ done: true });
  expect(queuesOf(await pumps(replication, 2))).toEqual([4, 4]);
  await replication.reaches('RUNNING');
  await replication.update('stop');
});

test('what the watch finds on the source is taken up; pumps that it does not concern go on', async () => {
  const { rig } = stage;
  const watched: WatchInput[] = [];
  const prepared: PrepareInput[] = [];
  let found: (watched: Watched) => void = () => undefined;
  rig.watch = (input) => {
    watched.push(input);
    return Promise.race([Context.current().cancelled, new Promise<Watched>((resolve) => (found = resolve))]);
  };
  const leftOut: Prepared['leftOut'] = [{ topic: 'pay-log', reason: 'topic pay-log is compacted' }];
  const replication = await rig.running({ ...INPUT, topics: ['orders', 'pay*', 'refunds*'] });
  const before = await pumps(replication, 2);
  await eventually(10_000, () => watched.length === 1);
  expect(watched[0]).toMatchObject({ map: MAP, leftOut: [], settled: {} });
  rig.prepare = (input) => {
    prepared.push(input);
    return Promise.resolve({ map: [...MAP, { ...REFUNDS, count: 1 }], starts: {}, leftOut });
  };
  found({ changes: ['topic refunds is new'], surplus: [] });
  const after = await eventually(15_000, async () => {
    const now = await pumps(replication, 2);
    return queuesOf(now).join() === '3,2' && now;
  });
  expect(after[1]).toBe(before[1]);
  expect(prepared[0]).toMatchObject({ map: MAP, discovering: true });
  await eventually(10_000, () => watched.length === 2);
  expect(watched[1]).toMatchObject({ leftOut: ['pay-log'] });
  expect(countQueues(watched[1]!.map)).toBe(5);
  expect(await replication.status()).toMatchObject({
    leftOut: ['topic pay-log is compacted'],
    topics: ['orders', 'payments', 'refunds'],
    troubles: [],
  });
  // what cannot be taken up shows, and is tried again; copying goes on
  rig.prepare = () => Promise.reject(new Error('west is away'));
  found({ changes: ['topic orders has 1 new queues'], surplus: [] });
  await eventually(10_000, async () => (await replication.status()).troubles.length > 0);
  expect((await replication.status()).troubles[0]).toBe(
    'cannot take up what is new on the source: west is away; tried 1 times',
  );
  expect(await pumps(replication, 2)).toEqual(after);
  await replication.update('stop');
});

test('a pump that a worker has too many of is restarted elsewhere, and then left alone', async () => {
  const { rig } = stage;
  const watched: WatchInput[] = [];
  let found: (watched: Watched) => void = () => undefined;
  rig.watch = (input) => {
    watched.push(input);
    return Promise.race([Context.current().cancelled, new Promise<Watched>((resolve) => (found = resolve))]);
  };
  const replication = await rig.running();
  const before = await pumps(replication, 2);
  await eventually(10_000, () => watched.length === 1);
  const activityId = before[1]!.pump.split('/')[1]!;
  found({ changes: [], surplus: [{ activityId, worker: '7@host' }] });
  const after = await eventually(15_000, async () => {
    const now = await pumps(replication, 2);
    return now[1] !== before[1] && now;
  });
  expect(after[0]).toBe(before[0]);
  expect(after[1]!.input.notOn).toBe('7@host');
  await eventually(10_000, () => watched.length === 2);
  const [[moved, until]] = Object.entries(watched[1]!.settled!) as [[string, number]];
  expect(moved).toBe(after[1]!.pump.split('/')[1]);
  expect(until - Date.now()).toBeGreaterThan(60_000);
  await replication.update('stop');
});
