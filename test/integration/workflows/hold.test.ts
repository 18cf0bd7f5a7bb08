import { Context } from '@temporalio/activity';
import { expect, test } from 'vitest';
import type { Watched } from '../../../src/replication/topology.ts';
import { eventually } from '../../support/eventually.ts';
import { useRig } from './rig.ts';

const stage = useRig();
const HOLDER = { by: 'failover/orders', operationId: 'run-1' };
const FLOW = { source: 'east', destination: 'west' };

test('while it is held others are refused, naming the holder; the holder is obeyed; release ends it', async () => {
  const replication = await stage.rig.running();
  expect(await replication.update('hold', HOLDER)).toEqual({ done: true, state: 'RUNNING', epoch: 1 });
  expect(await replication.update('hold', HOLDER)).toEqual({ done: true, state: 'RUNNING', epoch: 1 });
  expect(await replication.status()).toMatchObject({ heldBy: 'failover/orders' });
  for (const [command, input] of [
    ['pause', {}],
    ['stop', { operationId: 'run-10/stop' }],
    ['hold', { by: 'failover/other', operationId: 'run-2' }],
    ['raiseEpoch', { flow: FLOW }],
  ] as const)
    expect(await replication.update(command, input)).toMatchObject({
      done: false,
      reason: expect.stringContaining('it is held by failover/orders (operation run-1)') as string,
    });
  expect(await replication.update('pause', { operationId: 'run-1/pause' })).toEqual({ done: true, state: 'PAUSED' });
  expect(await replication.update('resume', { operationId: 'run-1/resume' })).toMatchObject({ done: true });
  await replication.reaches('RUNNING');
  // an operator, whose failover was terminated
  expect(await replication.update('release', { by: 'kim', reason: 'terminated' })).toMatchObject({ done: true });
  expect(await replication.status()).not.toHaveProperty('heldBy');
  expect(await replication.update('stop')).toMatchObject({ done: true });
});

test('what is new on the source waits while it is held, lest pumps restart while producers wait', async () => {
  const { rig } = stage;
  let found: (watched: Watched) => void = () => undefined;
  rig.watch = () => Promise.race([Context.current().cancelled, new Promise<Watched>((resolve) => (found = resolve))]);
  const replication = await rig.running();
  const activities = async () =>
    (await replication.handle.fetchHistory()).events!.flatMap(
      ({ activityTaskScheduledEventAttributes: began, activityTaskCompletedEventAttributes: ended }) =>
        began?.activityType?.name ?? (ended ? ['ended'] : []),
    );
  await eventually(10_000, async () => (await activities()).includes('watchTopology'));
  const before = await activities();
  await replication.update('hold', HOLDER);
  found({ changes: ['topic refunds is new'], surplus: [] });
  await eventually(10_000, async () => (await activities()).length > before.length);
  // whatever followed from it is in the history with the next command
  await replication.update('hold', HOLDER);
  expect((await activities()).slice(before.length)).toEqual(['ended']);
  await replication.update('release');
  await eventually(10_000, async () => (await activities()).slice(before.length).includes('prepare'));
  await replication.update('stop');
});

test('R12: the holder raises the epoch: it is journaled while no pump is at work, and pumps begin again with it', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  expect(await replication.update('raiseEpoch', { flow: FLOW })).toMatchObject({
    done: false,
    reason: 'only whoever holds the replication may do that',
  });
  await replication.update('hold', HOLDER);
  const operationId = 'run-1/raise';
  expect(await replication.update('raiseEpoch', { flow: FLOW, operationId })).toEqual({
    done: true,
    state: 'RUNNING',
    epoch: 2,
  });
  // the same operation again is the same operation
  expect(await replication.update('raiseEpoch', { flow: FLOW, operationId })).toMatchObject({ epoch: 2 });
  expect(rig.journal.at(-1)).toMatchObject({ replication: replication.name, epoch: 2, revision: 0 });
  await eventually(10_000, () => rig.pumpsOf(replication).length === 2);
  expect(rig.pumpsOf(replication).map(({ input }) => input.epoch)).toEqual([2, 2]);
  const other = { flow: { source: 'west', destination: 'east' }, operationId: 'run-1/other' };
  expect(await replication.update('raiseEpoch', other)).toMatchObject({ done: false });
  await replication.update('stop', { operationId: 'run-1/stop' });
});
