import { ApplicationFailure } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { ROUTES_SPREAD_MS } from '../../../src/replication/failover/plan.ts';
import { FENCE_MS } from '../../../src/replication/failover/settings.ts';
import { type FailoverRig, steps } from '../../support/failover-rig.ts';
import { useFailoverRig } from './rig.ts';

let rig: FailoverRig;
useFailoverRig((started) => {
  rig = started;
});

/** Before the point of no return, in their order. */
const FIRST_HALF = [
  ...['hold', 'survey', 'noteEnds', 'permissions east', 'fenceBrokers', 'takeCut', 'awaitCopied'],
  'second fenceBrokers',
];

test('a switchover fences, drains, opens and turns round, in this order, and measures the write pause', async () => {
  const failover = await rig.begin({ fence: 'external', confirm: true, by: 'kim' });
  const waiting = await failover.reaches(({ waitingFor }) => waitingFor === 'producersStopped');
  expect(waiting).toMatchObject({ state: 'WAITING', pastPointOfNoReturn: false, warnings: ['mind the gap'] });
  expect(rig.world.east).toEqual([
    { topic: 'orders', broker: 'east-a', perm: 4 },
    { topic: 'audit', broker: 'east-b', perm: 4 },
  ]);
  await failover.handle.signal('producersStopped', { by: 'ann', reason: 'all are down' });
  await failover.reaches(({ waitingFor }) => waitingFor === 'confirm');
  expect(rig.done).not.toContain('permissions west');
  await failover.handle.signal('confirm', { by: 'kim' });
  const result = await failover.result();
  expect(result).toMatchObject({ outcome: 'done', problems: [], warnings: ['mind the gap'] });
  expect(result.steps.find(({ name }) => name === 'confirm')!.result).toBe('confirmed by kim');
  expect(rig.done).toEqual([
    ...['hold', 'survey', 'noteEnds', 'permissions east', 'takeCut', 'awaitCopied', 'permissions west', 'reverse'],
    'release',
  ]);
  expect(rig.world).toMatchObject({ held: '', reversed: true, acceptsFrom: 17 });
  expect(rig.world.west).toEqual([
    { topic: 'orders', broker: 'west-a', perm: 6 },
    { topic: 'audit', broker: 'west-a', perm: 6 },
  ]);
  const skipped = ['fence-groups', 'settle', 'sync-groups', 'enable-groups', 'reopen'];
  for (const { name, state } of result.steps)
    expect([name, state]).toEqual([name, skipped.includes(name) ? 'skipped' : 'done']);
  const fenced = result.steps.find(({ name }) => name === 'fence-producers')!;
  expect(fenced.result).toContain(', said by ann: all are down');
  const open = result.steps.find(({ name }) => name === 'open')!;
  expect(result.writePauseMs).toBeGreaterThan(0);
  expect(result.writePauseMs).toBeLessThan(15_000);
  expect(Date.parse(result.openedAt!)).toBeGreaterThanOrEqual(Date.parse(open.startedAt!));
});

test('what was said before somebody waits for it counts', async () => {
  const failover = await rig.begin({ fence: 'external', confirm: true });
  await failover.handle.signal('confirm');
  await failover.handle.signal('producersStopped');
  expect(await failover.result()).toMatchObject({ outcome: 'done' });
});

test('a dry run looks and changes nothing', async () => {
  const failover = await rig.begin({ fence: 'broker', dryRun: true });
  const result = await failover.result();
  expect(result).toMatchObject({ outcome: 'dry-run', warnings: ['mind the gap'] });
  expect(rig.done).toEqual(['survey']);
  expect(result.steps.map(({ does }) => does).join('\n')).toContain('refuse every send');
  rig.problems = ['the topics differ'];
  const refused = await (await rig.begin({ dryRun: true })).result();
  expect(refused).toMatchObject({ outcome: 'refused', problems: ['the topics differ'] });
});

describe('a switchover that cannot begin changes nothing, and says why', () => {
  test('what the survey finds', async () => {
    rig.problems = ['the topics differ', 'a queue is blocked'];
    const result = await (await rig.begin({ fence: 'broker' })).result();
    expect(result).toMatchObject({ outcome: 'refused', problems: rig.problems });
    expect(rig.done).toEqual(['hold', 'survey', 'release']);
    expect(rig.world).toEqual(rig.untouched);
  });

  test('a replication that refuses the hold', async () => {
    rig.refuses = 'hold';
    const result = await (await rig.begin({ fence: 'broker' })).result();
    expect(result.outcome).toBe('refused');
    expect(result.problems[0]).toContain('refuses hold: no hold today');
    // the hold is another's, which must not be taken from it
    expect(rig.done).toEqual(['hold']);
    expect(rig.world).toEqual(rig.untouched);
  });
});

describe('aborted before the point of no return, everything is as if nothing had happened', () => {
  test.each(FIRST_HALF)('during %s', async (activity) => {
    let reached: () => void = () => undefined;
    const under = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let goOn: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let calls = activity.startsWith('second ') ? 2 : 1;
    rig.before = async (name) => {
      if (!activity.endsWith(name) || --calls !== 0) return;
      reached();
      await released;
    };
    const failover = await rig.begin({ fence: 'broker' });
    await under;
    await failover.handle.signal('abort', { by: 'kim', reason: 'not today' });
    // the effect comes after all: what is under way is waited for before it is undone
    await failover.cancels();
    expect((await failover.status()).state).toBe('RUNNING');
    goOn();
    const result = await failover.result();
    expect(result.problems).toEqual(['aborted by kim: not today']);
    expect(result.outcome).toBe(['hold', 'survey', 'noteEnds'].includes(activity) ? 'refused' : 'aborted');
    expect(rig.world).toEqual(rig.untouched);
    expect(rig.done).not.toContain('permissions west');
    expect(rig.done.at(-1)).toBe('release');
  });

  test('while it waits, also by cancelling the workflow', async () => {
    const failover = await rig.begin({ fence: 'external' });
    await failover.reaches(({ waitingFor }) => waitingFor === 'producersStopped');
    await failover.handle.cancel();
    const result = await failover.result();
    expect(result).toMatchObject({ outcome: 'aborted', problems: ['the workflow was cancelled'] });
    expect(steps(result)).toContain('fence-routes: undone');
    expect(rig.world).toEqual(rig.untouched);
  });

  test('because nobody confirms in time', async () => {
    const result = await (await rig.begin({ fence: 'broker', confirm: true, patience: 1 })).result();
    expect(result).toMatchObject({ outcome: 'aborted', problems: ['nobody said confirm within 1 s'] });
    expect(rig.world).toEqual(rig.untouched);
  });

  test('because draining takes too long', async () => {
    rig.before = (name) =>
      name === 'awaitCopied' ? new Promise((resolve) => setTimeout(resolve, 2000)) : Promise.resolve();
    const result = await (await rig.begin({ fence: 'broker', drainWithin: 1 })).result();
    expect(result.outcome).toBe('aborted');
    expect(steps(result)).toContain('drain: failed');
    expect(rig.world).toEqual(rig.untouched);
  });

  test('because a step fails behind its effect', async () => {
    rig.fails = (name) => (name === 'fenceBrokers' ? ApplicationFailure.nonRetryable('the broker is gone') : undefined);
    const result = await (await rig.begin({ fence: 'broker' })).result();
    expect(result).toMatchObject({ outcome: 'aborted', problems: ['the broker is gone'] });
    expect(rig.world).toEqual(rig.untouched);
  });

  test('because the fence lapsed: sends were let in behind the cut', async () => {
    // on the renewal right before the point of no return, which fenced the brokers anew before its first attempt failed
    let renewals = -1;
    rig.before = (name) => {
      if (name === 'fenceBrokers' && ++renewals > 0) rig.clock = FENCE_MS + renewals;
      return Promise.resolve();
    };
    rig.fails = (name) => (name === 'fenceBrokers' && renewals === 1 ? new Error('it was not read back') : undefined);
    const result = await (await rig.begin({ fence: 'broker' })).result();
    expect(result.outcome).toBe('aborted');
    expect(result.problems[0]).toContain('the fence lapsed');
    expect(renewals).toBe(2);
    expect(rig.world).toEqual(rig.untouched);
  });
});

describe('behind the point of no return it only goes forward', () => {
  test('an abort is too late, and is noted; the hard fence stays until every route is fresh', async () => {
    const failover = await rig.begin({ fence: 'broker' });
    await failover.reaches(({ pastPointOfNoReturn }) => pastPointOfNoReturn);
    await failover.handle.signal('abort');
    const status = await failover.reaches((now) => steps(now).includes('lift-fence: running'));
    const fence = status.steps.find(({ name }) => name === 'fence-routes')!;
    await failover.waitsUntil(Date.parse(fence.startedAt!) + fence.tookMs! + ROUTES_SPREAD_MS);
    expect(await failover.status()).toMatchObject({ steps: status.steps });
    expect(status.warnings[1]).toContain('too late');
    expect(status.steps.find(({ name }) => name === 'open')).toMatchObject({ state: 'done' });
    expect(rig.world.acceptsFrom).toBe(FENCE_MS);
    await failover.handle.terminate();
  });

  test('a failing effect is tried until it succeeds', async () => {
    let tries = 0;
    rig.fails = (name) => (name === 'permissions west' && ++tries < 3 ? new Error('west is away') : undefined);
    const failover = await rig.begin({ fence: 'external' });
    await failover.handle.signal('producersStopped');
    expect(await failover.result()).toMatchObject({ outcome: 'done' });
    expect(tries).toBe(3);
  });

  test.each([
    // closed by the switchover that left it, and as it was when it was lost
    { home: true, perms: [4, 4], reopens: true },
    { home: true, perms: [6, 6], reopens: true },
    // one topic may not be written there
    { home: false, perms: [6, 4], reopens: false },
  ])(
    'where both ways are copied, the side that is left is opened again on the way home, and on no other: $home $perms',
    async ({ home, perms, reopens }) => {
      const { east } = rig.untouched;
      Object.assign(rig, { mode: 'two-way', home });
      rig.destinationPerms = rig.destinationPerms.map((place, at) => ({ ...place, perm: perms[at]! }));
      const failover = await rig.begin({ fence: 'external' });
      await failover.handle.signal('producersStopped');
      const result = await failover.result();
      expect(result).toMatchObject({ outcome: 'done' });
      expect(steps(result)).toContain(`reopen: ${reopens ? 'done' : 'skipped'}`);
      if (reopens) expect(rig.world.east).toEqual(east);
      else expect(rig.world.east).not.toEqual(east);
    },
  );

  test('a refusal is told with what is left to do', async () => {
    rig.refuses = 'reverse';
    const failover = await rig.begin({ fence: 'external' });
    await failover.handle.signal('producersStopped');
    const result = await failover.result();
    expect(result.outcome).toBe('incomplete');
    expect(result.problems).toEqual([expect.stringMatching(/refuses reverse: no reverse today; .*replicator reverse/)]);
    expect(rig.world.held).toBe('');
  });
});

describe('consumer groups', () => {
  test('move behind the point of no return: fenced, settled, put in step, enabled; the read pause is measured', async () => {
    rig.groups = ['billing'];
    rig.outOfStep = [[{ group: 'billing', problem: 'copying has not come as far' }]];
    const failover = await rig.begin({ fence: 'external' });
    await failover.handle.signal('producersStopped');
    const result = await failover.result();
    expect(result).toMatchObject({ outcome: 'done', problems: [] });
    expect(rig.done.slice(rig.done.indexOf('permissions west'))).toEqual([
      ...['permissions west', 'claimGroups', 'groups east', 'settleGroups', 'placeGroups', 'placeGroups'],
      ...['groups west', 'reverse', 'release'],
    ]);
    expect(rig.world.groups).toEqual({ east: false, west: true });
    expect(result.groups).toEqual({ groups: [{ group: 'billing', mayRepeat: 3, silent: 1 }], more: 0 });
    expect(result.readPauseMs).toBeGreaterThan(0);
    expect(result.readPauseMs).toBeLessThan(15_000);
  });

  test.each(['claimGroups', 'groups east'])('that cannot be fenced stay where they are: %s', async (activity) => {
    rig.groups = ['billing'];
    rig.fails = (name) => (name === activity ? ApplicationFailure.nonRetryable('east is away') : undefined);
    const failover = await rig.begin({ fence: 'external' });
    await failover.handle.signal('producersStopped');
    const result = await failover.result();
    expect(result.outcome).toBe('incomplete');
    expect(result.problems).toEqual([expect.stringContaining('the consumer groups were not moved: east is away')]);
    const groups = { east: activity === 'claimGroups', west: false };
    expect(rig.world).toMatchObject({ held: '', reversed: true, groups });
    expect(steps(result)).toContain('enable-groups: skipped');
  });

  test('are as they were after an abort', async () => {
    rig.groups = ['billing'];
    const failover = await rig.begin({ fence: 'external' });
    await failover.reaches(({ waitingFor }) => waitingFor === 'producersStopped');
    await failover.handle.signal('abort');
    await failover.result();
    expect(rig.world).toEqual(rig.untouched);
  });

  test('while the source is lost, are enabled where they were in step last, and the result says when', async () => {
    rig.groups = ['billing'];
    const result = await (await rig.begin({ mode: 'failover' })).result();
    expect(result.outcome).toBe('done');
    expect(rig.done.slice(2)).toEqual(['raiseEpoch', 'permissions west', 'groups west', 'readLastCopies', 'release']);
    expect(result.groups).toEqual({ groups: [{ group: 'billing', syncedAt: '2026-01-01T00:00:00.000Z' }], more: 0 });
  });

  test.each(['switchover', 'failover'] as const)('that were disabled stay disabled: %s', async (mode) => {
    rig.groups = ['billing'];
    rig.disabled = ['billing'];
    const failover = await rig.begin({ mode, fence: 'external' });
    await failover.handle.signal('producersStopped');
    const result = await failover.result();
    expect(result).toMatchObject({ outcome: 'done', problems: [] });
    expect(rig.world.groups.west).toBe(false);
    expect(result.groups).toMatchObject({ groups: [{ group: 'billing', disabled: true }] });
  });
});

test('wrong input fails at once, naming the fields', async () => {
  for (const [input, problem] of [
    [{ fence: 'wall' }, 'fence'],
    [{ patience: 0 }, 'patience'],
    [{ mode: 'failback', strandedTail: 'drop' }, 'strandedTail'],
  ] as const) {
    const failure: unknown = await (await rig.begin(input as object)).result().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect(String((failure as Error).cause)).toContain(problem);
  }
  expect(rig.done).toEqual([]);
});

test('a misspelt signal is noted with the known ones', async () => {
  const failover = await rig.begin({ fence: 'external' });
  await failover.handle.signal('confrim');
  const { warnings } = await failover.reaches((status) => status.warnings.some((text) => text.startsWith('confrim')));
  expect(warnings.join()).toContain('known signals: producersStopped, confirm, abort');
  await failover.handle.signal('abort');
  await failover.result();
});
