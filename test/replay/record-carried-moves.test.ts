import { beforeEach, describe, test } from 'vitest';
import { useRig } from '../integration/workflows/rig.ts';
import { ONE_PUMP } from '../support/replication-rig.ts';
import { doubleMoves, ENDS, type GroupsAtWork, holding, pumping, THERE, WITH_GROUPS } from './moves.ts';
import { nextRun, save } from './recording.ts';

/** Fewer than a move and what comes after it need. */
const SUGGESTED_AT = 80;

/** Histories of replications that continue as new while they are moved. */
describe('record histories of moves that are carried over', () => {
  const stage = useRig(SUGGESTED_AT);
  let groups: GroupsAtWork;
  beforeEach(() => {
    groups = doubleMoves(stage.rig);
  });

  test('in the middle of a switchover', async () => {
    const { rig } = stage;
    const replication = await rig.begin(WITH_GROUPS);
    await groups.follow('east');
    const move = await holding(replication, 'run-1');
    await move('noteEnds', { ends: ENDS });
    await move('claimGroups', { flow: THERE, groups: ['billing'] });
    await nextRun(replication);
    await pumping(rig, replication, 1);
    await move('placeGroups', { flow: THERE, groups: ['billing'] });
    await move('reverse', { from: ENDS });
    await pumping(rig, replication, 2);
    await move('release');
    await groups.follow('west');
    await replication.update('stop');
    await save('moved-second-run', replication.handle);
  });

  test('while the source is lost', async () => {
    const { rig } = stage;
    const replication = await rig.begin(ONE_PUMP);
    await pumping(rig, replication, 1);
    const move = await holding(replication, 'run-1');
    await move('raiseEpoch', { flow: THERE, isLost: true });
    await nextRun(replication);
    await move('regain');
    await pumping(rig, replication, 2);
    await move('release');
    await replication.update('stop');
    await save('lost-second-run', replication.handle);
  });
});
