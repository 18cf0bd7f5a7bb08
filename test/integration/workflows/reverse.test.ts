import { ApplicationFailure, defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { expect, test } from 'vitest';
import type { PrepareInput } from '../../../src/replication/preparation.ts';
import { eventually } from '../../support/eventually.ts';
import { BACK, MAP, ONE_PUMP } from '../../support/replication-rig.ts';
import { useRig } from './rig.ts';

const ENDS = [{ topic: 'orders', broker: 'west-a', ends: [7, 0] }];

const stage = useRig();

test('reverse adds the way back from where the destination ended; again, it only turns which direction is primary', async () => {
  const { rig } = stage;
  const asked: PrepareInput[] = [];
  rig.prepare = (input) => {
    asked.push(input);
    return Promise.resolve({ map: input.source === 'west' ? BACK : MAP, starts: input.starts });
  };
  rig.takeCut = ({ cluster }) => Promise.resolve(cluster === 'west' ? ENDS : [{ ...ENDS[0]!, broker: 'east-a' }]);
  const replication = await rig.begin(ONE_PUMP);
  await replication.reaches('RUNNING');
  await eventually(10_000, () => rig.pumpsOf(replication).length === 1);
  const [forward] = rig.pumpsOf(replication);
  expect(await replication.update('reverse', { by: 'kim' })).toMatchObject({ done: true, state: 'RUNNING' });
  await eventually(10_000, () => rig.pumpsOf(replication).length === 2);
  expect(rig.pumpsOf(replication)[0]).toBe(forward);
  expect(rig.pumpsOf(replication)[1]!.input).toMatchObject({ source: 'west', destination: 'east', starts: startsOf() });
  expect(asked.at(-1)).toMatchObject({ source: 'west', destination: 'east', discovering: true, starts: startsOf() });
  const primaries = async () => (await replication.status()).flows!.map(({ source, primary }) => [source, primary]);
  expect(await primaries()).toEqual([
    ['east', false],
    ['west', true],
  ]);
  // that of the first flow, which decides, comes last
  expect(rig.journal.filter(({ replication: name, primary }) => name === replication.name && primary)).toMatchObject([
    { source: 'west', primary: 'west', starts: startsOf() },
    { source: 'east', primary: 'west', map: MAP },
  ]);
  expect((await replication.status()).reason).toContain('the cut is at 7 messages on east');
  await replication.update('pause');
  expect(rig.pumpsOf(replication)).toEqual([]);
  expect(await replication.update('reverse')).toMatchObject({ done: false });
  await replication.update('resume');
  await eventually(10_000, () => rig.pumpsOf(replication).length === 2);
  expect(await replication.update('reverse')).toMatchObject({ done: true });
  expect(await primaries()).toEqual([
    ['east', true],
    ['west', false],
  ]);
  await replication.update('stop');
});

test('R12: a task that was reversed goes on in both directions, and is served where it was, although a new workflow does not know', async () => {
  const { rig } = stage;
  rig.prepare = ({ source }) =>
    Promise.resolve({
      ...{ starts: {}, primary: 'west' },
      ...(source === 'west' ? { map: BACK } : { map: MAP, goesBack: true }),
    });
  const replication = await rig.begin(ONE_PUMP);
  await eventually(15_000, () => rig.pumpsOf(replication).length === 2);
  expect(await replication.status()).toMatchObject({
    primary: 'west',
    flows: [
      { source: 'east', primary: false },
      { source: 'west', primary: true },
    ],
  });
  await replication.update('stop');
});

test('R12: the same where its input is changed before it is prepared', async () => {
  const { rig } = stage;
  let isAway = true;
  rig.prepare = ({ source, input }) => {
    if (isAway && input.groups.length === 0) return Promise.reject(new Error('east is slow'));
    isAway = false;
    return Promise.resolve({
      ...{ starts: {}, primary: 'west' },
      ...(source === 'west' ? { map: BACK } : { map: MAP, goesBack: true }),
    });
  };
  const replication = await rig.begin(ONE_PUMP);
  await eventually(15_000, async () => (await replication.status()).troubles.length > 0);
  expect(await replication.update('updateConfig', { groups: ['billing'] })).toMatchObject({ done: true });
  await eventually(15_000, () => rig.pumpsOf(replication).length === 2);
  expect(await replication.status()).toMatchObject({
    primary: 'west',
    flows: [{ source: 'east' }, { source: 'west' }],
  });
  await replication.update('stop');
});

test('R12: what is journaled of the first flow decides where a task is served', async () => {
  const { rig } = stage;
  rig.prepare = ({ source }) =>
    Promise.resolve(source === 'west' ? { map: BACK, starts: {}, primary: 'west' } : { map: MAP, starts: {} });
  const replication = await rig.running({ ...ONE_PUMP, mode: 'two-way' });
  expect(await replication.status()).not.toHaveProperty('primary');
  await replication.update('stop');
});

test('R12: a task under way keeps where it is served, whatever is journaled of a move that was given up', async () => {
  const { rig } = stage;
  const replication = await rig.running({ ...ONE_PUMP, mode: 'two-way' });
  rig.prepare = ({ source }) => Promise.resolve({ map: source === 'west' ? BACK : MAP, starts: {}, primary: 'west' });
  await replication.update('pause');
  await replication.update('resume');
  await replication.reaches('RUNNING');
  expect(await replication.status()).not.toHaveProperty('primary');
  await replication.update('stop');
});

test('while the direction is turned it is REVERSING, and copying goes on', async () => {
  const { rig } = stage;
  const asked: ((isThere: boolean) => void)[] = [];
  rig.prepare = async ({ source }) => {
    if (source === 'east') return { map: MAP, starts: {} };
    if (!(await new Promise<boolean>((resolve) => asked.push(resolve)))) throw new Error('east is away');
    return { map: BACK, starts: {} };
  };
  rig.takeCut = () => Promise.resolve(ENDS);
  rig.searchAttributes = await rig.provideSearchAttributes();
  const replication = await rig.begin(ONE_PUMP);
  await replication.reaches('RUNNING');
  rig.searchAttributes = [];
  await replication.update('pause', { reason: 'to look' });
  await replication.update('resume', { reason: 'looked' });
  await eventually(10_000, () => rig.pumpsOf(replication).length === 1);
  for (const isThere of [false, true]) {
    const turned = replication.update('reverse', { reason: 'drill' });
    await replication.reaches('REVERSING');
    expect(await replication.status()).toMatchObject({ reason: 'drill', shards: [{ running: true }] });
    const { typedSearchAttributes: shown } = await replication.handle.describe();
    expect(shown.get(defineSearchAttributeKey('ReplicatorState', SearchAttributeType.KEYWORD))).toBe('REVERSING');
    (await eventually(10_000, () => asked.pop()))(isThere);
    expect(await turned).toMatchObject({ done: isThere });
    const { state, reason } = await replication.status();
    expect([state, reason]).toEqual([
      'RUNNING',
      isThere ? expect.stringContaining('drill; west to east since') : 'looked',
    ]);
  }
  await eventually(10_000, () => rig.pumpsOf(replication).length === 2);
  await replication.update('stop');
});

test('a reverse that cannot look at a cluster, or add the way back, leaves everything as it was', async () => {
  const { rig } = stage;
  rig.prepare = ({ source }) =>
    source === 'west' ? Promise.reject(new Error('east is away')) : Promise.resolve({ map: MAP, starts: {} });
  const replication = await rig.begin(ONE_PUMP);
  await replication.reaches('RUNNING');
  expect(await replication.update('reverse')).toMatchObject({
    done: false,
    reason: 'the direction stays as it is: east is away',
  });
  expect(await replication.status()).not.toHaveProperty('flows');
  await replication.update('stop');
});

test('R8: however late the direction is turned, it goes back from where the destination ended before it was opened', async () => {
  const { rig } = stage;
  const asked: PrepareInput[] = [];
  let isAway = true;
  rig.prepare = (input) => {
    asked.push(input);
    if (input.source !== 'west') return Promise.resolve({ map: MAP, starts: {} });
    return isAway ? Promise.reject(new Error('east is away')) : Promise.resolve({ map: BACK, starts: {} });
  };
  rig.takeCut = ({ cluster }) =>
    cluster === 'west' ? Promise.resolve([{ ...ENDS[0]!, ends: [99, 99] }]) : Promise.reject(new Error('east is away'));
  const replication = await rig.begin(ONE_PUMP);
  await replication.reaches('RUNNING');
  await replication.update('hold', { by: 'failover/orders', operationId: 'run-1' });
  expect(await replication.update('noteEnds', { ends: ENDS })).toMatchObject({ done: false });
  expect(await replication.update('noteEnds', { ends: ENDS, operationId: 'run-1/note' })).toMatchObject({ done: true });
  const journaled = () =>
    rig.journal.filter(({ replication: name, source }) => name === replication.name && source === 'west');
  // it survives Temporal (R12)
  expect(journaled()).toMatchObject([{ destination: 'east', map: [], starts: startsOf() }]);
  expect(await replication.update('reverse', { operationId: 'run-1/reverse' })).toMatchObject({
    ...{ done: false, passing: true },
    reason: 'the direction stays as it is: east is away',
  });
  // a later move, given up, takes nothing of it back
  await replication.update('release', { operationId: 'run-1/release' });
  await replication.update('hold', { by: 'failover/orders', operationId: 'run-2' });
  const later = [{ ...ENDS[0]!, ends: [50, 50] }];
  await replication.update('noteEnds', { ends: later, operationId: 'run-2/note' });
  await replication.update('noteEnds', { operationId: 'run-2/undo' });
  await replication.update('release');
  isAway = false;
  expect(await replication.update('reverse', { by: 'kim' })).toMatchObject({ done: true });
  expect(asked.at(-1)).toMatchObject({ source: 'west', starts: startsOf() });
  await eventually(10_000, () => rig.pumpsOf(replication).some(({ input }) => input.source === 'west'));
  expect(rig.pumpsOf(replication).find(({ input }) => input.source === 'west')!.input.starts).toEqual(startsOf());
  await replication.update('stop');
});

test('what a move has noted does not count once it is given up', async () => {
  const { rig } = stage;
  const asked = preparations();
  rig.takeCut = () => Promise.resolve(ENDS);
  const replication = await rig.begin(ONE_PUMP);
  await replication.reaches('RUNNING');
  await replication.update('hold', { by: 'failover/orders', operationId: 'run-1' });
  await replication.update('noteEnds', { ends: [{ ...ENDS[0]!, ends: [1, 0] }], operationId: 'run-1/note' });
  await replication.update('noteEnds', { operationId: 'run-1/undo' });
  const journaled = rig.journal.filter(
    ({ replication: name, source }) => name === replication.name && source === 'west',
  );
  expect(journaled.map(({ starts }) => starts)).toEqual([{ 'orders/west-a/0': 1, 'orders/west-a/1': 0 }, {}]);
  await replication.update('release');
  expect(await replication.update('reverse')).toMatchObject({ done: true });
  expect(asked.at(-1)).toMatchObject({ source: 'west', starts: startsOf() });
  await replication.update('stop');
});

test('what a move has noted counts as long as it may be journaled', async () => {
  const { rig } = stage;
  const asked = preparations();
  const replication = await rig.begin(ONE_PUMP);
  await replication.reaches('RUNNING');
  await replication.update('hold', { by: 'failover/orders', operationId: 'run-1' });
  await replication.update('noteEnds', { ends: ENDS, operationId: 'run-1/note' });
  const { journalBack } = rig;
  rig.journalBack = () => Promise.reject(ApplicationFailure.nonRetryable('west is away'));
  expect(await replication.update('noteEnds', { operationId: 'run-1/undo' })).toMatchObject({
    done: false,
    passing: true,
  });
  rig.journalBack = journalBack;
  await replication.update('release');
  rig.takeCut = () => Promise.resolve([{ ...ENDS[0]!, ends: [50, 50] }]);
  expect(await replication.update('reverse')).toMatchObject({ done: true });
  expect(asked.at(-1)).toMatchObject({ source: 'west', starts: startsOf() });
  await replication.update('stop');
});

/** What is prepared from now on, and succeeds. */
function preparations(): PrepareInput[] {
  const asked: PrepareInput[] = [];
  stage.rig.prepare = (input) => {
    asked.push(input);
    return Promise.resolve({ map: input.source === 'west' ? BACK : MAP, starts: {} });
  };
  return asked;
}

function startsOf() {
  return { 'orders/west-a/0': 7, 'orders/west-a/1': 0 };
}
