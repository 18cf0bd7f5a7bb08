import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { beforeEach, describe, test } from 'vitest';
import { GROUPS_REPORT } from '../../src/replication/group-progress.ts';
import type { Watched } from '../../src/replication/topology.ts';
import { useRig } from '../integration/workflows/rig.ts';
import { eventually } from '../support/eventually.ts';
import { BACK, gap, INPUT, MAP, ONE_PUMP } from '../support/replication-rig.ts';
import { doubleMoves, ENDS, type GroupsAtWork, HOME, holding, pumping, THERE, WITH_GROUPS } from './moves.ts';
import { save } from './recording.ts';

/** Histories of replications that are moved, and of those that copy both ways or have groups. */
describe('record histories of moves', () => {
  const stage = useRig();
  let groups: GroupsAtWork;
  beforeEach(() => {
    groups = doubleMoves(stage.rig);
  });

  test('groups', async () => {
    const { rig } = stage;
    const { syncGroups } = rig;
    let tries = 0;
    rig.syncGroups = (input) =>
      ++tries === 1 ? Promise.reject(ApplicationFailure.nonRetryable('west is away')) : syncGroups(input);
    const replication = await rig.begin(WITH_GROUPS);
    await pumping(rig, replication, 1);
    const { handle } = replication;
    const { id } = await groups.follow('east');
    const report = { at: '2026-01-01T00:00:00.000Z', more: { groups: 0, queues: 0 }, troubles: [] };
    const seen = [{ group: 'billing', problem: 'consumers are online', queues: [] }];
    await handle.signal(GROUPS_REPORT, { ...report, sync: id, groups: seen });
    await handle.signal(GROUPS_REPORT, { ...report, sync: 'another/groups-1', groups: seen });
    await handle.signal(GROUPS_REPORT, { sync: id, groups: 5 });
    await replication.update('updateConfig', { groups: ['billing', 'ship-*'], resetOnline: ['billing'] });
    await eventually(10_000, () => groups.sync?.input.groups.length === 2);
    await replication.update('pause');
    await replication.update('resume');
    await groups.follow('east');
    await replication.update('updateConfig', { groups: [] });
    await eventually(10_000, () => !groups.sync);
    await replication.update('updateConfig', { groups: ['billing'] });
    await groups.follow('east');
    await replication.update('stop');
    await save('groups', handle);
  });

  test('moved with its groups, and home again', async () => {
    const { rig } = stage;
    const replication = await rig.begin(WITH_GROUPS);
    await pumping(rig, replication, 1);
    await groups.follow('east');
    const { syncGroupsOnce } = rig;
    const away = await holding(replication, 'run-1');
    await away('noteEnds', { ends: ENDS });
    await away('claimGroups', { flow: THERE, groups: ['billing'] });
    rig.syncGroupsOnce = () => Promise.reject(ApplicationFailure.nonRetryable('east is away'));
    await away('placeGroups', { flow: THERE, groups: ['billing'] }, true);
    rig.syncGroupsOnce = syncGroupsOnce;
    await away('placeGroups', { flow: THERE, groups: ['billing'] });
    await away('reverse', { from: ENDS });
    await pumping(rig, replication, 2);
    await away('release');
    await groups.follow('west');
    const home = await holding(replication, 'run-2');
    await home('noteEnds', { ends: ENDS });
    await home('claimGroups', { flow: HOME, groups: ['billing'] });
    await home('placeGroups', { flow: HOME, groups: ['billing'] });
    await home('reverse', { from: ENDS });
    await home('release');
    await groups.follow('east');
    await replication.update('stop');
    await save('moved', replication.handle);
  });

  test('held, and given back', async () => {
    const { rig } = stage;
    const found: ((watched: Watched) => void)[] = [];
    rig.watch = () =>
      Promise.race([Context.current().cancelled, new Promise<Watched>((resolve) => found.push(resolve))]);
    const replication = await rig.begin(INPUT);
    await pumping(rig, replication, 2);
    const move = await holding(replication, 'run-1');
    await replication.update('pause');
    await move('noteEnds', { ends: ENDS });
    const { journalBack } = rig;
    rig.journalBack = () => Promise.reject(ApplicationFailure.nonRetryable('west is away'));
    await move('noteEnds', {}, true);
    rig.journalBack = journalBack;
    await move('noteEnds');
    await move('raiseEpoch', { flow: THERE });
    await pumping(rig, replication, 2);
    await move('pause');
    await move('resume');
    await pumping(rig, replication, 2);
    let prepared = 0;
    rig.prepare = () => {
      prepared++;
      return Promise.resolve({ map: MAP, starts: {}, revision: 1 });
    };
    await eventually(10_000, () => found.length === 2);
    found[1]!({ changes: ['topic orders has 2 new queues'], surplus: [] });
    await move('release');
    await eventually(10_000, () => prepared > 0);
    await pumping(rig, replication, 2);
    await replication.update('stop');
    await save('held', replication.handle);
  });

  test('its source is lost, and it moves home when that is back', async () => {
    const { rig } = stage;
    const replication = await rig.begin(WITH_GROUPS);
    await pumping(rig, replication, 1);
    await groups.follow('east');
    const failover = await holding(replication, 'run-1');
    await failover('raiseEpoch', { flow: THERE, isLost: true });
    await failover('release');
    const { takeCut } = rig;
    rig.takeCut = () => Promise.reject(new Error('no broker answers'));
    await replication.update('resume');
    rig.takeCut = takeCut;
    const failback = await holding(replication, 'run-2');
    const leave = [{ topic: 'orders', broker: 'east-a', queue: 1, from: 40, to: 45 }];
    await failback('regain', { leave });
    await pumping(rig, replication, 2);
    await groups.follow('west');
    await failback('claimGroups', { flow: HOME, groups: ['billing'] });
    await failback('placeGroups', { flow: HOME, groups: ['billing'] });
    await failback('reverse', { from: ENDS });
    await failback('release');
    await groups.follow('east');
    await replication.update('stop');
    await save('lost', replication.handle);
  });

  test('its source is lost, and an operator has it go on', async () => {
    const { rig } = stage;
    const replication = await rig.begin(ONE_PUMP);
    await pumping(rig, replication, 1);
    const move = await holding(replication, 'run-1');
    const { takeCut } = rig;
    rig.takeCut = () => Promise.reject(new Error('west is away'));
    await move('raiseEpoch', { flow: THERE, isLost: true }, true);
    rig.takeCut = takeCut;
    await pumping(rig, replication, 1);
    await move('raiseEpoch', { flow: THERE, isLost: true });
    await move('release');
    await replication.update('resume');
    await pumping(rig, replication, 2);
    await replication.update('stop');
    await save('lost-resumed', replication.handle);
  });

  test('its source is lost, and what a workflow before it knew', async () => {
    const { rig } = stage;
    const { prepare } = rig;
    rig.prepare = () => Promise.reject(new Error('east is away'));
    rig.recallFlow = ({ source }) =>
      Promise.resolve({
        ...{ starts: {}, epoch: 4, revision: 0, histories: {}, primary: 'east' },
        ...(source === 'east' ? { map: MAP, goesBack: true } : { map: BACK }),
      });
    const replication = await rig.begin(ONE_PUMP);
    await eventually(15_000, async () => (await replication.status()).flows?.length === 2);
    const move = await holding(replication, 'run-1');
    await move('raiseEpoch', { flow: THERE, isLost: true });
    await move('release');
    rig.prepare = prepare;
    await replication.update('resume');
    await pumping(rig, replication, 2);
    await replication.update('stop');
    await save('recalled', replication.handle);
    rig.recallFlow = () => Promise.resolve(null);
  });

  test('both ways, with search attributes', async () => {
    const { rig } = stage;
    rig.searchAttributes = await rig.provideSearchAttributes();
    const found = new Map<string, (watched: Watched) => void>();
    rig.watch = ({ source }) =>
      Promise.race([Context.current().cancelled, new Promise<Watched>((resolve) => found.set(source, resolve))]);
    const replication = await rig.begin({ ...ONE_PUMP, mode: 'two-way' });
    await pumping(rig, replication, 2);
    const pumpOf = (source: string) => rig.pumpsOf(replication).find(({ input }) => input.source === source);
    await eventually(10_000, () => found.size === 2);
    const activityId = pumpOf('west')!.pump.split('/')[1]!;
    found.get('east')!({ changes: [], surplus: [{ activityId, worker: '7@host' }] });
    await eventually(10_000, () => pumpOf('west')?.input.notOn === '7@host');
    await replication.report(pumpOf('west')!, { source: 'west', blocked: [{ ...gap(1, 100, 250), broker: 'west-a' }] });
    await replication.update('skipGap', { topic: 'orders', queue: 1, source: 'west' });
    await eventually(10_000, () => pumpOf('west'));
    await replication.update('reverse');
    await replication.update('pause');
    await replication.update('resume');
    await pumping(rig, replication, 2);
    await replication.update('reverse');
    await replication.update('stop');
    await save('two-way', replication.handle);
    rig.searchAttributes = [];
  });

  test('a pump that does not end is let go', async () => {
    const { rig } = stage;
    const replication = await rig.begin(ONE_PUMP);
    await pumping(rig, replication, 1);
    const isLetGo = async () => {
      const { events } = await replication.handle.fetchHistory();
      return events!.some(({ activityTaskScheduledEventAttributes: began }) => began?.activityType?.name === 'unpause');
    };
    rig.beforePumpEnds = () => eventually(40_000, isLetGo).then(() => undefined);
    await replication.update('pause');
    rig.beforePumpEnds = () => Promise.resolve();
    await replication.update('stop');
    await save('let-go', replication.handle);
  });
});
