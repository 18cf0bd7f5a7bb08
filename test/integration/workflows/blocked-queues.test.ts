import { ApplicationFailure } from '@temporalio/common';
import { afterEach, expect, test } from 'vitest';
import type { RedirectInput } from '../../../src/replication/flow-changes.ts';
import { NO_COUNTERS, OUTDATED, WRONG_INPUT } from '../../../src/replication/messages.ts';
import { eventually } from '../../support/eventually.ts';
import { gap, MAP } from '../../support/replication-rig.ts';
import { useRig } from './rig.ts';

const stage = useRig();

afterEach(() => {
  const { rig } = stage;
  rig.prepare = () => Promise.resolve({ map: MAP, starts: {} });
  rig.redirect = () => Promise.resolve();
  rig.pumpFails = () => undefined;
});

test('R8: acceptHistory goes on in the next generation, where the source differs or where it is told, and journals it', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const redirects: RedirectInput[] = [];
  rig.redirect = (input) => {
    redirects.push(input);
    return Promise.resolve();
  };
  const history = { ...gap(0, 50, 20), kind: 'history' as const };
  const ask = { topic: 'orders', queue: 0 };
  expect(await replication.update('acceptHistory', ask)).toMatchObject({ done: false });
  const pump = rig.pumpsOf(replication).find(({ input }) => input.shard === 0);
  await replication.report(pump!, { blocked: [history, gap(1, 5)] });
  expect(await replication.update('acceptHistory', ask)).toMatchObject({ done: true });
  const key = 'orders/east-a/0';
  const next = await eventually(10_000, () => rig.pumpsOf(replication).find(({ input }) => input.histories?.[key]));
  expect(next.input.histories).toEqual({ [key]: { generation: 1, start: 20 } });
  expect(redirects[0]).toMatchObject({ start: 20, queue: { topic: 'orders', broker: 'east-a', id: 0 } });
  expect(redirects[0]!.known).toMatchObject({ histories: next.input.histories, revision: next.input.revision });
  expect((await replication.status()).blocked).toMatchObject([{ kind: 'gap', queue: 1 }]);

  await replication.report(next, { blocked: [history] });
  await replication.update('acceptHistory', { ...ask, from: 7 });
  const again = { [key]: { generation: 2, start: 7 } };
  await eventually(10_000, () =>
    rig.pumpsOf(replication).some(({ input }) => input.histories?.[key]?.generation === 2),
  );
  expect(redirects[1]!.known).toMatchObject({ histories: again, revision: next.input.revision + 1 });
  await replication.update('stop');
});

test('R8: acceptHistory goes beyond a generation that the destination holds and nobody remembers', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const pump = rig.pumpsOf(replication).find(({ input }) => input.shard === 0);
  await replication.report(pump!, { blocked: [{ ...gap(0, 50, 50), kind: 'history', generation: 4 }] });
  expect(await replication.update('acceptHistory', { topic: 'orders', queue: 0 })).toMatchObject({ done: true });
  const histories = { 'orders/east-a/0': { generation: 5, start: 50 } };
  const next = await eventually(10_000, () =>
    rig.pumpsOf(replication).find(({ input }) => input.histories?.['orders/east-a/0']),
  );
  expect(next.input.histories).toEqual(histories);
  await replication.update('stop');
});

test('a pump is told which of its queues are believed to be blocked, so that it says when they are not any more', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const [orders] = rig.pumpsOf(replication).toSorted((a, b) => a.input.shard - b.input.shard);
  await replication.report(orders!, { blocked: [gap(1, 100)] });
  await replication.update('pause');
  await replication.update('resume');
  await eventually(10_000, () => rig.pumpsOf(replication).length === 2);
  const inputs = rig.pumpsOf(replication).map(({ input }) => input);
  expect(inputs.find(({ shard }) => shard === 0)!.blocked).toEqual(['orders/east-a/1']);
  expect(inputs.find(({ shard }) => shard === 1)!.blocked).toBeUndefined();
  await replication.update('stop');
});

test('R1: remap sends a queue elsewhere from the first message on that was not copied; what fails changes nothing', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const redirects: RedirectInput[] = [];
  rig.redirect = (input) => {
    redirects.push(input);
    if (input.to?.id === 9) throw ApplicationFailure.nonRetryable('expected a queue that exists', WRONG_INPUT);
    return Promise.resolve();
  };
  const gone = { ...gap(1, 50), kind: 'queue-gone' as const };
  const pump = rig.pumpsOf(replication).find(({ input }) => input.shard === 0);
  await replication.report(pump!, { blocked: [gone] });
  const ask = { topic: 'orders', queue: 1 };
  const refusals = [
    [{ toQueue: 9 }, 'nothing was changed: expected a queue that exists'],
    [{ toQueue: 1 }, 'toQueue: queue 1 on west-a is the one that is gone; expected another one'],
    [{ toQueue: 0, fromOffset: 51 }, 'fromOffset: expected at most 50'],
  ] as const;
  for (const [input, reason] of refusals)
    expect(await replication.update('remap', { ...ask, ...input })).toEqual({
      done: false,
      reason: expect.stringContaining(reason) as string,
    });
  expect((await replication.status()).blocked).toHaveLength(1);
  expect(await replication.update('remap', { ...ask, toQueue: 0 })).toMatchObject({ done: true });
  const next = await eventually(10_000, () => rig.pumpsOf(replication).find(({ input }) => input.queues.length === 2));
  const from = { broker: 'east-a', queue: 1 };
  expect(next.input.queues[1]).toEqual({
    ...{ topic: 'orders', from, to: { broker: 'west-a', queue: 0 }, count: 1 },
    remapped: true,
  });
  expect(next.input.histories).toEqual({ 'orders/east-a/1': { generation: 1, start: 50 } });
  expect(redirects).toHaveLength(2);
  await replication.update('stop');
});

test('R12: a pump that was told less than is journaled is started anew with what prepare finds there', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  rig.prepare = () => Promise.resolve({ map: MAP, starts: {}, epoch: 7, revision: 3, histories: {} });
  rig.pumpFails = ({ revision }) => (revision === 3 ? undefined : ApplicationFailure.nonRetryable('older', OUTDATED));
  await replication.update('rescale', { parallelism: 4 });
  await eventually(20_000, () => rig.pumpsOf(replication).filter(({ input }) => input.epoch === 7).length === 4);
  await replication.update('stop');
});

test('R8: skipGap restarts only the shard of the blocked queue, with the offset from which to go on', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const [orders, payments] = rig.pumpsOf(replication).toSorted((a, b) => a.input.shard - b.input.shard);
  await replication.report(orders!, { blocked: [gap(1, 100, 250)] });
  expect(await replication.status()).toMatchObject({
    state: 'RUNNING',
    health: 'BLOCKED',
    blocked: [gap(1, 100, 250)],
  });
  for (const [input, reason] of [
    [{ topic: 'orders', queue: 0 }, 'topic orders, queue 0 is not blocked'],
    [{ topic: 'orders', queue: 1, broker: 'east-b' }, 'topic orders, queue 1 on east-b is not blocked'],
    [
      { topic: 'orders', queue: 1, to: 249 },
      'to: expected at least 250, the first offset that is still there, found 249',
    ],
  ] as const)
    expect(await replication.update('skipGap', input)).toEqual({ done: false, reason });
  expect(await replication.update('skipGap', { topic: 'orders', queue: 1, by: 'kim' })).toEqual({
    done: true,
    state: 'RUNNING',
  });
  expect(await replication.status()).toMatchObject({ health: 'RUNNING', blocked: [] });
  const pumps = await eventually(10_000, () => {
    const now = rig.pumpsOf(replication);
    return now.length === 2 && !now.includes(orders!) && now;
  });
  expect(pumps).toContain(payments);
  const restarted = pumps.find(({ input }) => input.shard === orders!.input.shard)!;
  expect(restarted.input.skips).toEqual({ 'orders/east-a/1': 250 });
  // a late report of the pump that is gone does not block the queue again, but what it copied counts
  const before = (await replication.status()).counters.copied;
  await replication.report(orders!, {
    blocked: [gap(1, 100, 250)],
    counters: { ...NO_COUNTERS, copied: 7, bytes: 7 },
  });
  expect(await replication.status()).toMatchObject({ blocked: [], counters: { copied: before + 7 } });
  // positions of the queues that the pump at work has told
  await replication.report(restarted, { next: { 'orders/east-a/1': 251 } });
  const { positions } = await replication.positions();
  expect(positions).toHaveLength(4);
  expect(positions[1]).toMatchObject({ topic: 'orders', queue: 1, to: { broker: 'west-a', queue: 1 }, next: 251 });
  expect((await replication.positions({ from: 3 })).positions).toHaveLength(1);
  await expect(replication.positions({ from: -1 })).rejects.toThrow('from: expected a whole number');
  await replication.update('stop');
});

test('skipGap is refused for a queue that is blocked by something else', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const [pump] = rig.pumpsOf(replication);
  await replication.report(pump!, { blocked: [{ ...gap(0, 5), kind: 'history', reason: 'cut off' }] });
  expect(await replication.update('skipGap', { topic: 'orders', queue: 0 })).toEqual({
    done: false,
    reason: 'topic orders, queue 0 is not blocked by a gap or a message but by changed history: cut off',
  });
  await replication.report(pump!, { blocked: [gap(0, 5)] });
  expect(await replication.update('skipGap', { topic: 'orders', queue: 0 })).toEqual({
    done: false,
    reason: 'it is not known where messages begin again; say it with `to`',
  });
  await replication.update('stop');
});

test('R9: skipGap passes over a message that blocks a queue only where it is said up to where, and counts it', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const orders = rig.pumpsOf(replication).find(({ input }) => input.shard === 0)!;
  await replication.report(orders, { blocked: [{ ...gap(0, 5), kind: 'poison', reason: 'too large' }] });
  for (const [to, reason] of [
    [undefined, 'the message at source offset 5 would be passed over: say it with `to`, 6 for this message alone'],
    [5, 'to: expected at least 6, the first offset that passes over the message, found 5'],
  ] as const)
    expect(await replication.update('skipGap', { topic: 'orders', queue: 0, to })).toEqual({ done: false, reason });
  expect(await replication.update('skipGap', { topic: 'orders', queue: 0, to: 7 })).toMatchObject({ done: true });
  expect(await replication.status()).toMatchObject({ health: 'RUNNING', counters: { gapSkipped: 2 } });
  await eventually(10_000, () => rig.pumpsOf(replication).some(({ input }) => input.skips['orders/east-a/0'] === 7));
  await replication.update('stop');
});

test('R9: redrive works while no pump of the topic does; blocked queues are tried again; the audit says what came of it', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const [orders, payments] = rig.pumpsOf(replication).toSorted((a, b) => a.input.shard - b.input.shard);
  await replication.report(orders!, { blocked: [{ ...gap(0, 5), kind: 'poison' }, gap(1, 7)] });
  const pumpsMeanwhile: unknown[] = [];
  rig.redrive = (input) => {
    expect(input).toMatchObject({ replication: replication.name, source: 'east', destination: 'west', tags: [] });
    expect(input.queues).toEqual([MAP[0]]);
    pumpsMeanwhile.push(...rig.pumpsOf(replication));
    return Promise.resolve({ redriven: 3, refusedAgain: 1, missing: 0, more: false });
  };
  expect(await replication.update('redrive', { topic: 'orders', by: 'kim' })).toEqual({
    done: true,
    state: 'RUNNING',
    redrive: { redriven: 3, refusedAgain: 1, missing: 0, more: false },
  });
  expect(pumpsMeanwhile).toEqual([payments]);
  expect(await replication.status()).toMatchObject({ blocked: [gap(1, 7)] });
  await eventually(10_000, () => rig.pumpsOf(replication).length === 2);
  expect(rig.pumpsOf(replication)).not.toContain(orders);

  await replication.update('pause');
  pumpsMeanwhile.length = 0;
  expect(await replication.update('redrive', { topic: 'orders' })).toMatchObject({ done: true, state: 'PAUSED' });
  expect(pumpsMeanwhile).toEqual([]);
  expect(rig.pumpsOf(replication)).toEqual([]);
  expect((await replication.audit()).map(({ command, result }) => `${command}: ${result}`)).toEqual([
    'redrive: done: 3 redriven, 1 refused again, 0 missing',
    'pause: done',
    'redrive: done: 3 redriven, 1 refused again, 0 missing',
  ]);
  expect(await replication.update('redrive', { topic: 'others' })).toEqual({
    done: false,
    reason: "topic: others is not one of this replication's topics",
  });
  await replication.update('stop');
});

test('R9: a redrive that fails is refused with its cause, and copying goes on', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  rig.redrive = () => Promise.reject(ApplicationFailure.nonRetryable('west is away'));
  const answer = await replication.update('redrive', { topic: 'orders' });
  expect(answer).toMatchObject({ done: false, reason: expect.stringContaining('west is away') as string });
  await eventually(10_000, () => rig.pumpsOf(replication).length === 2);
  await replication.update('stop');
});
