import type { temporal } from '@temporalio/proto';
import { afterEach, describe, expect, test } from 'vitest';
import type { RetireInput } from '../../../src/replication/flow-changes.ts';
import { eventually } from '../../support/eventually.ts';
import { INPUT, MAP, ReplicationUnderTest } from '../../support/replication-rig.ts';
import { useRig } from './rig.ts';

const stage = useRig();

afterEach(() => {
  stage.rig.beforePumpEnds = () => Promise.resolve();
  stage.rig.prepare = () => Promise.resolve({ map: MAP, starts: {} });
  stage.rig.retire = () => Promise.resolve();
});

/** Pumps end only when the function that this returns is called. */
function holdPumps(): () => void {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  stage.rig.beforePumpEnds = () => released;
  return release;
}

/** The replication still does what it is told. */
async function obeys(replication: ReplicationUnderTest): Promise<void> {
  expect(await replication.update('pause')).toEqual({ done: true, state: 'PAUSED' });
  expect(stage.rig.pumpsOf(replication)).toEqual([]);
  expect(await replication.update('resume')).toMatchObject({ done: true });
  await replication.reaches('RUNNING');
  await eventually(10_000, () => stage.rig.pumpsOf(replication).length === 2);
  expect(await replication.update('stop')).toEqual({ done: true, state: 'STOPPED' });
}

test('ten updates are open: the eleventh waits for its turn, a signal comes through, queries answer', async () => {
  const replication = await stage.rig.running();
  const release = holdPumps();
  const ten = Array.from({ length: 10 }, () => replication.update('pause'));
  await eventually(10_000, async () => (await replication.status()).state === 'PAUSING');
  const eleventh = replication.update('resume', { operationId: 'eleventh' });
  await replication.handle.signal('pause', { operationId: 'signalled' });
  const early = await Promise.race([
    eleventh.then(
      () => 'answered',
      () => 'failed',
    ),
    eventually(5_000, async () => (await replication.status()).state !== 'PAUSING').catch(() => 'still open'),
  ]);
  expect(early).toBe('still open');
  release();
  for (const answer of await Promise.all([...ten, eleventh])) expect(answer.done).toBe(true);
  await eventually(10_000, async () => (await replication.audit()).length === 12);
  stage.rig.beforePumpEnds = () => Promise.resolve();
  await replication.update('resume');
  await replication.reaches('RUNNING');
  await obeys(replication);
}, 90_000);

describe('cancelling the workflow means stop', () => {
  test('while it starts', async () => {
    stage.rig.prepare = () => Promise.reject(new Error('east is away'));
    const replication = await stage.rig.begin();
    await eventually(10_000, async () => (await replication.status()).troubles.length > 0);
    await replication.handle.cancel();
    expect(await replication.result()).toMatchObject({ state: 'STOPPED', reason: 'the workflow was cancelled' });
  });

  test('while it pauses, and twice', async () => {
    const replication = await stage.rig.running();
    const release = holdPumps();
    const pausing = replication.update('pause');
    await replication.reaches('PAUSING');
    await replication.handle.cancel();
    await replication.handle.cancel();
    release();
    expect(await pausing).toMatchObject({ done: true });
    expect(await replication.result()).toMatchObject({ state: 'STOPPED' });
  });

  test('and it can be started again', async () => {
    const replication = await stage.rig.running();
    await replication.handle.cancel();
    await replication.result();
    const again = await stage.rig.begin(INPUT, replication.handle.workflowId);
    await again.reaches('RUNNING');
    await obeys(again);
  });
});

test('terminated, it can be started again', async () => {
  const replication = await stage.rig.running();
  await replication.handle.terminate('a slip');
  const again = await stage.rig.begin(INPUT, replication.handle.workflowId);
  await again.reaches('RUNNING');
  await eventually(20_000, () => stage.rig.pumpsOf(again).length === 2);
  await obeys(again);
});

type EventId = NonNullable<temporal.api.history.v1.IHistoryEvent['eventId']>;

describe('reset', () => {
  /** `temporal workflow reset` to the workflow task that completed as this event. */
  async function reset(replication: ReplicationUnderTest, eventId: EventId): Promise<void> {
    const { connection } = stage.temporal;
    const runId = await replication.runId();
    await connection.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: replication.handle.workflowId, runId },
      workflowTaskFinishEventId: eventId,
      reason: 'a slip',
      requestId: `${runId}-${String(eventId)}`,
    });
    await eventually(10_000, async () => (await replication.runId()) !== runId);
  }

  async function completedTasks(replication: ReplicationUnderTest): Promise<EventId[]> {
    const { events } = await replication.handle.fetchHistory();
    return (events ?? [])
      .filter(({ workflowTaskCompletedEventAttributes: attributes }) => attributes)
      .map(({ eventId }) => eventId!);
  }

  test.each([
    ['the first workflow task', 0],
    ['one in the middle', 0.5],
    ['the last one', 1],
  ])('to %s: the new run obeys, and the old one has no pump', async (_what, share) => {
    const replication = await stage.rig.running();
    await replication.update('pause', { operationId: 'before' });
    await replication.update('resume');
    await replication.reaches('RUNNING');
    await eventually(10_000, () => stage.rig.pumpsOf(replication).length === 2);
    const tasks = await completedTasks(replication);
    const old = await replication.runId();
    await reset(replication, tasks[Math.round((tasks.length - 1) * share)]!);
    await replication.reaches('RUNNING');
    await eventually(30_000, () => {
      const pumps = stage.rig.pumpsOf(replication);
      return pumps.length === 2 && pumps.every(({ pump }) => !pump.startsWith(old));
    });
    await obeys(replication);
  });
});

describe('an activity that was paused by `temporal activity pause`', () => {
  async function pauseActivities(replication: ReplicationUnderTest): Promise<void> {
    const execution = { workflowId: replication.handle.workflowId };
    const pending = async () => (await replication.handle.describe()).raw.pendingActivities ?? [];
    // two pumps, and the watch
    await eventually(10_000, async () => (await pending()).length === 3);
    for (const { activityId: id } of await pending())
      await stage.temporal.connection.workflowService.pauseActivity({ namespace: 'default', execution, id: id! });
    expect((await pending()).map(({ paused }) => paused)).toEqual([true, true, true]);
  }

  test('does not keep the replication from pausing, resuming and stopping', async () => {
    const replication = await stage.rig.running();
    await pauseActivities(replication);
    await obeys(replication);
  });
});

describe('a stop that retires', () => {
  test('cleans up when no pump is at work any more', async () => {
    const { rig } = stage;
    const replication = await rig.running();
    const retired: { input: RetireInput; pumps: number }[] = [];
    rig.retire = (input) => {
      retired.push({ input, pumps: rig.pumpsOf(replication).length });
      return Promise.resolve();
    };
    expect(await replication.update('stop', { retire: true, reason: 'moved away' })).toEqual({
      done: true,
      state: 'STOPPED',
    });
    expect(await replication.result()).toMatchObject({ state: 'STOPPED', reason: 'moved away' });
    const { name } = replication;
    const input = { replication: name, source: 'east', destination: 'west', topics: ['orders', 'payments'] };
    expect(retired).toEqual([{ input, pumps: 0 }]);
  });

  test('stops all the same where a cluster is gone, and says what is left to do', async () => {
    const { rig } = stage;
    const replication = await rig.running();
    rig.retire = () => Promise.reject(new Error('west is away'));
    const reason = `stopped, but its consumer groups could not be removed: west is away; replicator stop ${replication.name} --retire does it later`;
    expect(await replication.update('stop', { retire: true })).toEqual({ done: false, reason });
    expect(await replication.result()).toMatchObject({ state: 'STOPPED', reason });
  });

  test('is refused with wrong input', async () => {
    const replication = await stage.rig.running();
    await replication.handle.signal('stop', { retire: 'yes' });
    const [refusal] = await eventually(5_000, async () => {
      const { refusals } = await replication.status();
      return refusals.length > 0 && refusals;
    });
    expect(refusal).toMatch(/stop: retire: expected .*, found "yes"$/);
    await obeys(replication);
  });
});
