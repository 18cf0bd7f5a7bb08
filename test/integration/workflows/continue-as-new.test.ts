import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { gap, MAP, type ReplicationRig, type ReplicationUnderTest } from '../../support/replication-rig.ts';
import { useRig } from './rig.ts';

const SUGGESTED_AT = 60;
const stage = useRig(SUGGESTED_AT);

afterEach(() => {
  stage.rig.beforePumpEnds = () => Promise.resolve();
  stage.rig.renewal = () => Promise.resolve([]);
});

/** Sends reports, or signals that nobody knows where no pump is at work, until a new run has begun. */
async function untilNextRun(replication: ReplicationUnderTest): Promise<void> {
  const before = await replication.runId();
  const [pump] = stage.rig.pumpsOf(replication);
  await eventually(30_000, async () => {
    if ((await replication.runId()) !== before) return true;
    await (pump ? replication.report(pump, {}) : replication.handle.signal('unknown'));
    return false;
  });
}

test('a run that grew long hands over what it knows, and pumps go on in the next one', async () => {
  const { rig } = stage;
  rig.prepare = () => Promise.resolve({ map: MAP, starts: { 'payments/east-a/1': 7 } });
  const replication = await rig.running();
  await replication.update('pause', { operationId: 'first', by: 'kim' });
  await replication.update('resume');
  await replication.reaches('RUNNING');
  const pumps = await eventually(10_000, () => {
    const now = rig.pumpsOf(replication);
    return now.length === 2 && now;
  });
  await replication.report(
    pumps.find(({ input }) => input.shard === 0)!,
    { blocked: [gap(1, 100, 250)] },
  );
  await replication.update('skipGap', { topic: 'orders', queue: 1 });
  await eventually(10_000, () => rig.pumpsOf(replication).length === 2);
  const before = await replication.status();
  let prepared = 0;
  rig.prepare = () => {
    prepared++;
    return Promise.resolve({ map: MAP, starts: {} });
  };

  await untilNextRun(replication);

  const after = await replication.reaches('RUNNING');
  expect(prepared).toBe(0);
  expect(after).toMatchObject({ name: before.name, startedAt: before.startedAt, epoch: 1 });
  expect(after.counters.copied).toBe(before.counters.copied + 20);
  expect((await replication.audit()).map(({ command }) => command)).toEqual(['pause', 'resume', 'skipGap']);
  const goneOn = await eventually(10_000, () => {
    const now = rig.pumpsOf(replication).filter(({ input }) => !pumps.some((pump) => pump.input === input));
    return now.length === 2 && now;
  });
  expect(goneOn.find(({ input }) => input.shard === 0)!.input.skips).toEqual({ 'orders/east-a/1': 250 });
  expect(goneOn.find(({ input }) => input.shard === 1)!.input.starts).toEqual({ 'payments/east-a/1': 7 });
  // the same operation again, in another run
  expect(await replication.update('pause', { operationId: 'first' })).toEqual({ done: true, state: 'PAUSED' });
  expect((await replication.status()).state).toBe('RUNNING');
  await replication.update('stop');
});

test('a stop that comes while pumps end for the next run is carried out', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const runId = await replication.runId();
  const release = await pumpsEndUntil(rig, replication);
  const stopping = replication.update('stop', { by: 'kim' });
  await replication.handle.signal('pause');
  release();
  expect(await stopping).toEqual({ done: true, state: 'STOPPED' });
  expect(await replication.result()).toMatchObject({ state: 'STOPPED' });
  expect(await replication.runId()).toBe(runId);
});

test('signals that come while pumps end for the next run are not lost', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const runId = await replication.runId();
  const release = await pumpsEndUntil(rig, replication);
  await replication.handle.signal('pause');
  await replication.handle.signal('resume');
  await replication.handle.signal('skipGap', { topic: 'orders', queue: 0 });
  release();
  await eventually(10_000, async () => (await replication.runId()) !== runId);
  await replication.reaches('RUNNING');
  expect((await replication.audit()).map(({ command }) => command)).toEqual(['pause', 'resume', 'skipGap']);
  await eventually(10_000, () => rig.pumpsOf(replication).length === 2);
  await replication.update('stop');
});

test('a stop that comes while the journal is still being written for the next run is carried out', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  let release: () => void = () => undefined;
  let isRenewing = false;
  rig.renewal = () => {
    isRenewing = true;
    return new Promise((resolve) => {
      release = () => {
        resolve([]);
      };
    });
  };
  await untilNextRun(replication);
  await replication.reaches('RUNNING');
  await eventually(10_000, () => isRenewing && rig.pumpsOf(replication).length === 2);
  const runId = await replication.runId();
  await eventually(30_000, async () => {
    if (await isToldToEnd(replication, 'journal')) return true;
    const [pump] = rig.pumpsOf(replication);
    if (pump) await replication.report(pump, {});
    return false;
  });
  await replication.handle.signal('stop', { by: 'kim' });
  release();
  expect(await replication.result()).toMatchObject({ state: 'STOPPED' });
  expect(await replication.runId()).toBe(runId);
});

test('a paused replication stays paused', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  await replication.update('pause', { reason: 'night' });
  await untilNextRun(replication);
  expect(await replication.status()).toMatchObject({ state: 'PAUSED', reason: 'night' });
  expect(rig.pumpsOf(replication)).toEqual([]);
  await replication.update('stop');
});

test('R12: while the source is lost the journal of both directions is renewed, and what keeps it from that is told', async () => {
  const { rig } = stage;
  rig.takeCut = () => Promise.resolve([{ topic: 'orders', broker: 'west-a', ends: [7] }]);
  const replication = await rig.running();
  await replication.update('hold', { by: 'failover/orders', operationId: 'f' });
  const flow = { source: 'east', destination: 'west' };
  await replication.update('raiseEpoch', { flow, isLost: true, operationId: 'f/raise' });
  rig.journal.length = 0;
  rig.renewal = ({ source }) => Promise.resolve(source === 'east' ? ['no answer from east'] : []);
  await untilNextRun(replication);
  await eventually(10_000, () => rig.journal.length === 2);
  expect(rig.journal).toMatchObject([
    { ...flow, epoch: 2, map: MAP, primary: 'west' },
    { source: 'west', destination: 'east', map: [], starts: { 'orders/west-a/0': 7 }, primary: 'west' },
  ]);
  const troubled = async () => (await replication.status()).troubles.length > 0;
  await eventually(10_000, troubled);
  expect(await replication.status()).toMatchObject({ state: 'PAUSED', troubles: ['no answer from east'] });
  await replication.update('stop', { operationId: 'f/stop' });
});

test('the next run goes on with the input as it was changed', async () => {
  const { rig } = stage;
  rig.prepare = () => Promise.resolve({ map: MAP, starts: {} });
  const replication = await rig.running();
  await replication.update('updateConfig', { onGap: 'skip', parallelism: 4 });
  await eventually(10_000, () => rig.pumpsOf(replication).length === 4);
  await untilNextRun(replication);
  expect((await replication.reaches('RUNNING')).input).toMatchObject({ onGap: 'skip', parallelism: 4 });
  await eventually(10_000, () => rig.pumpsOf(replication).length === 4);
  expect(rig.pumpsOf(replication).every(({ input }) => input.onGap === 'skip')).toBe(true);
  await replication.update('stop');
});

/** Whether an activity of this type was asked to end. */
async function isToldToEnd({ handle }: ReplicationUnderTest, type: string): Promise<boolean> {
  const { events } = await handle.fetchHistory();
  const told = events?.map((event) => event.activityTaskCancelRequestedEventAttributes?.scheduledEventId?.toString());
  return !!events?.some(
    ({ eventId, activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === type && told?.includes(eventId?.toString()),
  );
}

/** Grows the run until its pumps are told to end, and holds them there; returns how to let them go. */
async function pumpsEndUntil(rig: ReplicationRig, replication: ReplicationUnderTest): Promise<() => void> {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isEnding = false;
  rig.beforePumpEnds = () => {
    isEnding = true;
    return released;
  };
  const [pump] = rig.pumpsOf(replication);
  await eventually(30_000, async () => {
    if (isEnding) return true;
    await replication.report(pump!, {});
    return false;
  });
  return release;
}
