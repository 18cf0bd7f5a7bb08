import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { beforeEach, expect, test } from 'vitest';
import {
  GROUPS_REPORT,
  type GroupsReport,
  type GroupsView,
  type SyncGroupsInput,
} from '../../../src/replication/group-progress.ts';
import { pumpId } from '../../../src/replication/messages.ts';
import { eventually } from '../../support/eventually.ts';
import { BACK, INPUT, MAP, type ReplicationUnderTest } from '../../support/replication-rig.ts';
import { useRig } from './rig.ts';

const WAY = { source: 'east', destination: 'west' };

const stage = useRig();

interface Sync {
  readonly input: SyncGroupsInput;
  /** See `GroupsReport.sync`. */
  readonly id: string;
}

/** Those that were started, and those of them that are at work. */
let started: Sync[] = [];
const atWork = new Set<Sync>();

beforeEach(() => {
  started = [];
  stage.rig.syncGroups = async (input) => {
    const { info, cancelled } = Context.current();
    const sync = { input, id: pumpId(info.workflowExecution!.runId, info.activityId) };
    started.push(sync);
    atWork.add(sync);
    await cancelled.finally(() => atWork.delete(sync));
  };
});

async function syncing(replication: ReplicationUnderTest, count: number): Promise<Sync> {
  return await eventually(15_000, () => {
    const own = started.filter(({ input }) => input.replication === replication.name);
    return own.length === count && atWork.has(own.at(-1)!) && atWork.size === 1 && own.at(-1);
  });
}

const groupsOf = (replication: ReplicationUnderTest) => replication.handle.query<GroupsView>('groups');

function report(sync: string, group: string, problem?: string): GroupsReport {
  const queues = [{ topic: 'orders', broker: 'east-a', queue: 0, to: { broker: 'west-a', queue: 0 }, source: 4 }];
  const found = { group, ...(problem !== undefined && { problem }), queues };
  return { sync, at: '2026-01-01T00:00:00.000Z', groups: [found], more: { groups: 0, queues: 0 }, troubles: [] };
}

test('groups follow beside the pumps, one sync at a time, with what the flow then says', async () => {
  const { rig } = stage;
  const replication = await rig.running({ ...INPUT, groups: ['billing'] });
  const { input } = await syncing(replication, 1);
  expect(input).toEqual({
    ...{ replication: replication.name, source: 'east', destination: 'west', queues: MAP, histories: {} },
    ...{ groups: ['billing'], resetOnline: [] },
  });
  await replication.update('updateConfig', { tags: [{ key: 'a', value: 'b' }] });
  expect(started).toHaveLength(1);
  await replication.update('updateConfig', { groups: ['billing', 'ship-*'], resetOnline: ['billing'] });
  expect((await syncing(replication, 2)).input).toMatchObject({
    groups: ['billing', 'ship-*'],
    resetOnline: ['billing'],
  });
  await replication.update('pause');
  expect(atWork.size).toBe(0);
  await replication.update('resume');
  await syncing(replication, 3);
  await replication.update('stop');
  expect(atWork.size).toBe(0);
});

test('a replication without groups has no sync, until it is given some', async () => {
  const replication = await stage.rig.running();
  expect(await groupsOf(replication)).toEqual({ ...WAY, groups: [], more: { groups: 0, queues: 0 }, troubles: [] });
  expect(started).toEqual([]);
  await replication.update('updateConfig', { groups: ['billing'] });
  await syncing(replication, 1);
  await replication.update('updateConfig', { groups: [] });
  await eventually(10_000, () => atWork.size === 0);
  await replication.update('stop');
});

test('only the sync at work tells how groups stand', async () => {
  const replication = await stage.rig.running({ ...INPUT, groups: ['billing'] });
  const { handle } = replication;
  const { id } = await syncing(replication, 1);
  await handle.signal(GROUPS_REPORT, report(id, 'billing', 'consumers are online'));
  await handle.signal(GROUPS_REPORT, report('another/groups-1', 'shipping'));
  await handle.signal(GROUPS_REPORT, { sync: id, groups: 5 });
  const { at, groups, more, troubles } = report(id, 'billing', 'consumers are online');
  expect(await groupsOf(replication)).toEqual({ ...WAY, at, groups, more, troubles });
  // a sync that begins while a cluster is away has seen no group yet
  const away = { at: '2026-01-01T00:01:00.000Z', groups: [], troubles: ['east is away'] };
  await handle.signal(GROUPS_REPORT, { ...report(id, 'billing'), ...away });
  expect(await groupsOf(replication)).toEqual({ ...WAY, at, groups, more, troubles: ['east is away'] });
  expect((await replication.status()).refusals).toEqual([
    expect.stringContaining('groupsReport: at: expected a text, found nothing'),
  ]);
  await replication.update('stop');
});

test('groups follow from where the application is served: the other way when the task is reversed', async () => {
  const { rig } = stage;
  rig.prepare = ({ source }) => Promise.resolve({ map: source === 'west' ? BACK : MAP, starts: {} });
  const replication = await rig.running({ ...INPUT, groups: ['billing'] });
  const { id } = await syncing(replication, 1);
  await replication.handle.signal(GROUPS_REPORT, report(id, 'billing', 'consumers are online'));
  await replication.update('reverse');
  const there = { queues: MAP, histories: {} };
  const back = { queues: BACK, histories: {} };
  const { input } = await syncing(replication, 2);
  expect(input).toMatchObject({ source: 'west', destination: 'east', ...back, back: there, groups: ['billing'] });
  // what was told of the other way does not count any more
  expect(await groupsOf(replication)).toMatchObject({ source: 'west', destination: 'east', groups: [] });
  await replication.update('reverse');
  expect((await syncing(replication, 3)).input).toMatchObject({ ...WAY, ...there, back });
  await replication.update('stop');
});

test('R10: whoever holds the replication has the last word on groups: no sync moves any beside it, nor behind it until the hold ends', async () => {
  const { rig } = stage;
  const placed: SyncGroupsInput[] = [];
  rig.syncGroupsOnce = (input) => {
    placed.push(input);
    if (placed.length === 1) return Promise.reject(ApplicationFailure.nonRetryable('east is away'));
    expect(atWork.size).toBe(0);
    const behind = { group: 'shipping', problem: 'copying has not come as far', queues: [] };
    const groups = [{ group: 'billing', queues: [] }, behind];
    return Promise.resolve({ groups, more: { groups: 0, queues: 0 }, total: 2, outOfStep: 1, requests: 9 });
  };
  const replication = await rig.running({ ...INPUT, groups: ['*'] });
  const asked = { flow: WAY, groups: ['billing', 'shipping'] };
  expect(await replication.update('placeGroups', asked)).toMatchObject({
    done: false,
    reason: 'only whoever holds the replication may do that',
  });
  await replication.update('hold', { by: 'failover/orders', operationId: 'run-1' });
  const { id } = await syncing(replication, 1);
  const syncedAt = '2026-01-01T00:00:00.000Z';
  const shipping = { group: 'shipping', syncedAt, queues: [] };
  await replication.handle.signal(GROUPS_REPORT, { ...report(id, ''), groups: [shipping] });
  const back = { source: 'west', destination: 'east' };
  expect(await replication.update('placeGroups', { ...asked, flow: back, operationId: 'run-1/0' })).toMatchObject({
    done: false,
    reason: expect.stringContaining('progress goes from east to west') as string,
  });
  expect(atWork.size).toBe(1);
  expect(await replication.update('placeGroups', { ...asked, operationId: 'run-1/1' })).toMatchObject({
    done: false,
    reason: expect.stringContaining('east is away') as string,
  });
  expect(await replication.update('placeGroups', { ...asked, operationId: 'run-1/2' })).toEqual({
    done: true,
    state: 'RUNNING',
    placed: {
      inStep: 1,
      outOfStep: [{ group: 'shipping', problem: 'copying has not come as far', syncedAt }],
      more: 0,
    },
  });
  const names = ['billing', 'shipping'];
  expect(placed[1]).toMatchObject({ ...WAY, queues: MAP, groups: names, resetOnline: names });
  await replication.update('updateConfig', { groups: ['billing'], operationId: 'run-1/3' });
  expect(started.filter(({ input }) => input.replication === replication.name)).toHaveLength(1);
  await replication.update('release');
  expect((await syncing(replication, 2)).input).toMatchObject({ groups: ['billing'] });
  await replication.update('stop');
});

test('R10: groups that a move is about to disable are not taken for disabled by a later one, should it be cut short', async () => {
  const replication = await stage.rig.running({ ...INPUT, groups: ['*'] });
  const { id } = await syncing(replication, 1);
  const { handle } = replication;
  const tell = (sync: string, off: readonly string[]) => {
    const groups = ['billing', 'off'].map((group) => ({ group, disabled: off.includes(group), queues: [] }));
    return handle.signal(GROUPS_REPORT, { ...report(sync, ''), groups });
  };
  await tell(id, ['off']);
  await replication.update('hold', { by: 'failover/orders', operationId: 'run-1' });
  const asked = { flow: WAY, groups: ['billing'] };
  expect(await replication.update('claimGroups', asked)).toMatchObject({ done: false });
  expect(await replication.update('claimGroups', { ...asked, operationId: 'run-1/1' })).toMatchObject({ done: true });
  // it sees the fence as if the group had been disabled all the time
  await tell(id, ['billing', 'off']);
  expect(atWork.size).toBe(0);
  const billing = { group: 'billing', disabled: false };
  expect(await groupsOf(replication)).toMatchObject({ groups: [billing, {}], fenced: ['billing'] });
  await replication.update('release');
  const { id: next } = await syncing(replication, 2);
  await tell(next, ['billing', 'off']);
  expect(await groupsOf(replication)).toMatchObject({ fenced: ['billing'] });
  await tell(next, ['off']);
  expect(await groupsOf(replication)).not.toHaveProperty('fenced');
  await replication.update('stop');
});

test('what keeps groups from following is told and tried again', async () => {
  const { rig } = stage;
  const working = rig.syncGroups;
  let failed = false;
  rig.syncGroups = async (input) => {
    if (failed) {
      await working(input);
      return;
    }
    await eventually(10_000, () => failed);
  };
  const replication = await rig.running({ ...INPUT, groups: ['billing'] });
  const { activityId } = await eventually(10_000, async () => {
    const { raw } = await replication.handle.describe();
    const pending = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'syncGroups');
    return pending?.activityId ? { activityId: pending.activityId } : undefined;
  });
  expect(activityId).toMatch(/^groups-\d+$/);
  await replication.handle.signal(GROUPS_REPORT, {
    ...report(pumpId(await replication.runId(), activityId), 'billing'),
    troubles: ['cluster west is away'],
  });
  expect((await replication.status()).troubles).toEqual(['cluster west is away']);
  failed = true;
  await syncing(replication, 1);
  await replication.update('stop');
});
