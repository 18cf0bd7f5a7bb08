import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { WRONG_INPUT } from '../../../src/replication/messages.ts';
import { type FailoverRig, steps } from '../../support/failover-rig.ts';
import { useFailoverRig } from './rig.ts';

/** Moves that cannot do a step for a while, or for good. */

let rig: FailoverRig;
useFailoverRig((started) => {
  rig = started;
});

test('R8: a reverse that is refused for what passes is asked again', async () => {
  rig.refuses = 'reverse';
  rig.passing = 2;
  const failover = await rig.begin({ fence: 'external' });
  await failover.handle.signal('producersStopped');
  expect(await failover.result()).toMatchObject({ outcome: 'done', problems: [] });
  expect(rig.done.filter((name) => name === 'reverse')).toHaveLength(3);
  expect(rig.world).toMatchObject({ reversed: true, noted: [] });
});

test('what cannot be put back is told with what mends it, and the rest is put back, the hold too', async () => {
  rig.fails = (name) => (name === 'takeCut' || name === 'restoreBrokers' ? gone() : undefined);
  let closes = 0;
  rig.before = (name) => (name === 'permissions east' && ++closes > 1 ? Promise.reject(gone()) : Promise.resolve());
  const result = await (await rig.begin({ fence: 'broker' })).result();
  expect(result).toMatchObject({ outcome: 'aborted', notUndone: ['fence-producers', 'fence-routes'] });
  expect(result.problems).toEqual([
    'east is gone',
    expect.stringMatching(/^fence-producers could not be undone: east is gone; .* by themselves/),
    expect.stringMatching(/^fence-routes could not be undone: east is gone; .*updateTopicPerm/),
  ]);
  expect(steps(result)).toEqual(expect.arrayContaining(['fence-routes: failed', 'note-ends: undone', 'hold: undone']));
  expect(rig.world).toMatchObject({ held: '', noted: undefined });
});

test('while everything is put back, and once that is terminated, status tells what is left to do by hand', async () => {
  const failover = await rig.begin({ fence: 'external' });
  await failover.reaches(({ waitingFor }) => waitingFor === 'producersStopped');
  rig.before = (name) => (name === 'permissions east' ? Promise.reject(new Error('east is away')) : Promise.resolve());
  await failover.handle.signal('abort');
  const { toPutBack, replication } = await failover.reaches(({ state }) => state === 'UNDOING');
  expect(toPutBack).toEqual([
    expect.stringMatching(/^fence-routes: make the topics writable on east .*updateTopicPerm/),
    expect.stringMatching(/^note-ends: /),
    `hold: replicator release ${replication}`,
  ]);
  await failover.handle.terminate();
  expect((await failover.status()).toPutBack).toEqual(toPutBack);
});

test('a hold that cannot be given back is told with what mends it; a replication that is gone needs no release', async () => {
  rig.problems = ['the topics differ'];
  const failures: [() => void, string?][] = [
    [() => (rig.before = (name) => (name === 'release' ? Promise.reject(gone()) : Promise.resolve())), 'east is gone'],
    [() => (rig.refuses = 'release'), 'refuses release: no release today'],
    [() => (rig.fails = (name) => (name === 'release' ? ApplicationFailure.nonRetryable('', WRONG_INPUT) : undefined))],
  ];
  for (const [fail, why] of failures) {
    Object.assign(rig, { before: () => Promise.resolve(), refuses: undefined });
    fail();
    const { outcome, problems, notUndone, replication } = await (await rig.begin({ fence: 'external' })).result();
    expect(outcome).toBe('refused');
    expect(notUndone).toEqual(why && ['hold']);
    expect(problems).toHaveLength(why ? 2 : 1);
    if (why)
      expect(problems[1]).toMatch(
        new RegExp(`^hold could not be undone: .*${why}; replicator release ${replication}$`),
      );
  }
});

test('before the point of no return nothing is tried without a limit, also while everything is put back', async () => {
  const failover = await rig.begin({ fence: 'external' });
  await failover.reaches(({ waitingFor }) => waitingFor === 'producersStopped');
  await failover.handle.signal('abort');
  await failover.result();
  const { events } = await failover.handle.fetchHistory();
  const limits = events!.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
    scheduled ? [Number(scheduled.scheduleToCloseTimeout?.seconds)] : [],
  );
  expect(rig.done).toEqual([
    ...['hold', 'survey', 'noteEnds', 'permissions east'],
    ...['permissions east', 'noteEnds', 'release'],
  ]);
  expect(limits).toEqual([...Array<number>(4).fill(120), ...Array<number>(3).fill(300)]);
});

function gone(): ApplicationFailure {
  return ApplicationFailure.nonRetryable('east is gone');
}

test('an abort is told as such, also where an activity fails as it is told to end', async () => {
  let reached: () => void = () => undefined;
  const under = new Promise<void>((resolve) => {
    reached = resolve;
  });
  rig.before = (name) => {
    if (name !== 'takeCut') return Promise.resolve();
    reached();
    return Context.current().cancelled.catch(() => {
      throw ApplicationFailure.nonRetryable('this activity was told to end');
    });
  };
  const failover = await rig.begin({ fence: 'broker' });
  await under;
  await failover.handle.signal('abort', { by: 'kim', reason: 'not today' });
  expect(await failover.result()).toMatchObject({ outcome: 'aborted', problems: ['aborted by kim: not today'] });
  expect(rig.world).toEqual(rig.untouched);
});
