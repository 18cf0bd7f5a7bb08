import { beforeEach, describe, expect, test } from 'vitest';
import type { PlacedGroups } from '../../../src/replication/failover/messages.ts';
import type { PrepareInput } from '../../../src/replication/preparation.ts';
import { eventually } from '../../support/eventually.ts';
import { BACK, MAP, ONE_PUMP, type ReplicationUnderTest } from '../../support/replication-rig.ts';
import { useRig } from './rig.ts';

const STARTS = { 'orders/west-a/0': 7, 'orders/west-a/1': 0 };
const LOST = { flow: { source: 'east', destination: 'west' }, isLost: true };

const stage = useRig();
const asked: PrepareInput[] = [];

beforeEach(() => {
  const { rig } = stage;
  asked.length = 0;
  rig.journal.length = 0;
  rig.prepare = (input) => {
    asked.push(input);
    return Promise.resolve({ map: input.source === 'west' ? BACK : MAP, starts: input.starts });
  };
  rig.takeCut = () => Promise.resolve([{ topic: 'orders', broker: 'west-a', ends: [7, 0] }]);
});

async function held(input: object = ONE_PUMP): Promise<ReplicationUnderTest> {
  const replication = await stage.rig.begin(input);
  await replication.reaches('RUNNING');
  await replication.update('hold', { by: 'failover/orders', operationId: 'run-1' });
  return replication;
}

async function pumpsOf(replication: ReplicationUnderTest, count: number) {
  await eventually(10_000, () => stage.rig.pumpsOf(replication).length === count);
  return stage.rig.pumpsOf(replication).map(({ input }) => input);
}

test('the source is lost: nothing is copied any more, and status says why and what comes next; pause, release and rescale change nothing of that', async () => {
  const replication = await held();
  await pumpsOf(replication, 1);
  expect(await replication.update('raiseEpoch', { ...LOST, operationId: 'run-1/raise' })).toEqual({
    ...{ done: true, state: 'PAUSED', epoch: 2 },
  });
  expect(stage.rig.pumpsOf(replication)).toEqual([]);
  expect(stage.rig.journal).toMatchObject([
    { source: 'west', destination: 'east', starts: STARTS, map: [], primary: 'west' },
    { source: 'east', destination: 'west', epoch: 2, map: MAP, primary: 'west' },
  ]);
  await replication.update('release');
  await replication.update('pause', { reason: 'night' });
  await replication.update('rescale', { parallelism: 2 });
  expect(await replication.update('reverse')).toMatchObject({ done: false });
  expect(await replication.status()).toMatchObject({
    state: 'PAUSED',
    primary: 'west',
    lost: { cluster: 'east' },
    reason: expect.stringMatching(/^east is lost since .* west serves; .*replicator failback/) as string,
  });
  expect(stage.rig.pumpsOf(replication)).toEqual([]);
  await replication.update('stop');
});

test('resume goes on both ways, back from where the destination ended', async () => {
  const replication = await held();
  await replication.update('raiseEpoch', { ...LOST, operationId: 'run-1/raise' });
  await replication.update('release');
  expect(await replication.update('resume', { by: 'kim' })).toMatchObject({ done: true });
  const pumps = await pumpsOf(replication, 2);
  expect(pumps.find(({ source }) => source === 'west')).toMatchObject({ destination: 'east', starts: STARTS });
  expect(pumps.find(({ source }) => source === 'east')).toMatchObject({ epoch: 2, skips: {} });
  // `latest` of today would leave out what was produced meanwhile
  expect(asked.at(-1)).toMatchObject({ source: 'west', discovering: true });
  const status = await replication.status();
  expect(status).toMatchObject({ state: 'RUNNING', primary: 'west' });
  expect(status).not.toHaveProperty('lost');
  await replication.update('stop');
});

test('resume is refused while the lost source is still away: until then a failback can decide otherwise', async () => {
  const replication = await held();
  await replication.update('raiseEpoch', { ...LOST, operationId: 'run-1/raise' });
  await replication.update('release');
  const { takeCut } = stage.rig;
  stage.rig.takeCut = ({ cluster }) =>
    cluster === 'east' ? Promise.reject(new Error('no broker answers')) : Promise.resolve([]);
  expect(await replication.update('resume', { by: 'kim' })).toMatchObject({
    ...{ done: false, passing: true },
    reason: expect.stringMatching(
      /^east, which was lost, is not back: no broker answers; .*replicator failback/,
    ) as string,
  });
  expect(await replication.status()).toMatchObject({ state: 'PAUSED', lost: { cluster: 'east' } });
  stage.rig.takeCut = takeCut;
  expect(await replication.update('resume', { by: 'kim' })).toMatchObject({ done: true });
  await pumpsOf(replication, 2);
  await replication.update('stop');
});

describe('Temporal was lost with the source', () => {
  const begin = async () => {
    stage.rig.prepare = () => Promise.reject(new Error('east is away'));
    const replication = await stage.rig.begin(ONE_PUMP);
    await eventually(15_000, async () => (await replication.status()).troubles.length > 0);
    await replication.update('hold', { by: 'failover/orders', operationId: 'run-1' });
    return replication;
  };

  test('R12: what the destination’s journal says of both directions is enough for a failover', async () => {
    stage.rig.recallFlow = ({ source }) =>
      Promise.resolve({
        ...{ starts: {}, epoch: 4, revision: 0, histories: {}, primary: 'east' },
        ...(source === 'east' ? { map: MAP, goesBack: true } : { map: BACK }),
      });
    const replication = await begin();
    await eventually(15_000, async () => (await replication.status()).flows?.length === 2);
    expect(await replication.update('raiseEpoch', { ...LOST, operationId: 'run-1/raise' })).toEqual({
      ...{ done: true, state: 'PAUSED', epoch: 5 },
    });
    expect(stage.rig.journal).toMatchObject([
      { source: 'west', destination: 'east', map: BACK, epoch: 4, primary: 'west' },
      { source: 'east', destination: 'west', map: MAP, epoch: 5, primary: 'west' },
    ]);
    expect(await replication.status()).toMatchObject({ state: 'PAUSED', primary: 'west', lost: { cluster: 'east' } });
    await replication.update('stop', { operationId: 'run-1/stop' });
  });

  test('where nothing is journaled, a failover is refused: it would make whoever knows more forget it', async () => {
    stage.rig.recallFlow = () => Promise.resolve(null);
    const replication = await begin();
    expect(await replication.update('raiseEpoch', { ...LOST, operationId: 'run-1/raise' })).toMatchObject({
      done: false,
      reason: expect.stringContaining('does not know which queues of east it copies') as string,
    });
    expect(stage.rig.journal).toEqual([]);
    expect((await replication.status()).state).toBe('STARTING');
    await replication.update('stop', { operationId: 'run-1/stop' });
  });
});

test('R9: regain is the holder’s; what stays on the lost source is passed over and counted', async () => {
  const replication = await held();
  const leave = [{ topic: 'orders', broker: 'east-a', queue: 1, from: 40, to: 45 }];
  expect(await replication.update('regain', { operationId: 'run-1/early' })).toMatchObject({ done: false });
  await replication.update('raiseEpoch', { ...LOST, operationId: 'run-1/raise' });
  expect(await replication.update('regain', { leave, operationId: 'run-1/regain' })).toMatchObject({ done: true });
  const pumps = await pumpsOf(replication, 2);
  expect(pumps.find(({ source }) => source === 'east')!.skips).toEqual({ 'orders/east-a/1': 45 });
  expect((await replication.status()).counters.gapSkipped).toBe(5);
  await replication.update('release');
  expect(await replication.update('regain')).toMatchObject({ done: false });
  await replication.update('stop');
});

test('R8: a switchover that had opened the destination before has noted where it ended then', async () => {
  const replication = await held();
  const ends = [{ topic: 'orders', broker: 'west-a', ends: [7, 0] }];
  await replication.update('noteEnds', { ends, operationId: 'run-1/note' });
  stage.rig.takeCut = () => Promise.resolve([{ ...ends[0]!, ends: [99, 99] }]);
  expect(await replication.update('raiseEpoch', { ...LOST, operationId: 'run-1/raise' })).toMatchObject({ done: true });
  await replication.update('regain', { operationId: 'run-1/regain' });
  expect((await pumpsOf(replication, 2)).find(({ source }) => source === 'west')!.starts).toEqual(STARTS);
  await replication.update('stop', { operationId: 'run-1/stop' });
});

test('where the destination cannot be looked at, it goes on as before', async () => {
  stage.rig.takeCut = () => Promise.reject(new Error('west is away'));
  const replication = await held();
  expect(await replication.update('raiseEpoch', { ...LOST, operationId: 'run-1/raise' })).toMatchObject({
    done: false,
    reason: expect.stringContaining('west is away') as string,
  });
  expect(await pumpsOf(replication, 1)).toMatchObject([{ source: 'east', epoch: 1 }]);
  expect(await replication.status()).not.toHaveProperty('lost');
  await replication.update('stop', { operationId: 'run-1/stop' });
});

test('from where groups go on is noted; a failover does without where that cannot be read', async () => {
  const placed = { rows: [{ group: 'billing', topic: 'orders', broker: 'west-a', offsets: [[0, 4]] }], more: 0 };
  const reads: (() => Promise<PlacedGroups>)[] = [
    () => Promise.resolve(placed as unknown as PlacedGroups),
    () => Promise.reject(new Error('west is slow')),
  ];
  for (const read of reads) {
    stage.rig.readPlaced = read;
    const replication = await held({ ...ONE_PUMP, groups: ['billing'] });
    expect(await replication.update('raiseEpoch', { ...LOST, operationId: 'run-1/raise' })).toMatchObject({
      done: true,
    });
    const { lost } = await replication.status();
    if (read === reads[0]) expect(lost).toMatchObject({ cluster: 'east', placed });
    else expect(lost).not.toHaveProperty('placed');
    await replication.update('stop', { operationId: 'run-1/stop' });
  }
});

test('a task that copies both ways has its way back already, and keeps where it stands', async () => {
  const replication = await held({ ...ONE_PUMP, mode: 'two-way' });
  await pumpsOf(replication, 2);
  await replication.update('raiseEpoch', { ...LOST, operationId: 'run-1/raise' });
  expect(stage.rig.pumpsOf(replication)).toEqual([]);
  expect(stage.rig.journal.filter(({ epoch }) => epoch === 2)).toMatchObject([{ source: 'east' }]);
  await replication.update('regain', { operationId: 'run-1/regain' });
  expect((await pumpsOf(replication, 2)).map(({ starts }) => starts)).toEqual([{}, {}]);
  await replication.update('stop', { operationId: 'run-1/stop' });
});
