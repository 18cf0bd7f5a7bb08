import { expect, test } from 'vitest';
import { type FailoverRig, steps } from '../../support/failover-rig.ts';
import { useFailoverRig } from './rig.ts';

let rig: FailoverRig;
useFailoverRig((started) => {
  rig = started;
});

const STRANDED = [{ topic: 'orders', broker: 'east-a', queue: 1, from: 7, to: 12, messages: 4 }];
const FIRST = ['hold', 'surveyBack', 'groups east', 'permissions east', 'findStranded', 'countRepeats'];
const COPIED = ['regain', 'awaitRunning', 'awaitCopied', 'takeCut', 'awaitCopied'];
const HOME = [
  'survey',
  'noteEnds',
  'permissions east',
  'takeCut',
  'awaitCopied',
  'permissions west',
  'reverse',
  'release',
];

test.each([
  ['copy', [], []],
  ['aside', ['setAside'], []],
  ['leave', [], STRANDED.map(({ topic, broker, queue, from, to }) => ({ topic, broker, queue, from, to }))],
] as const)(
  'what is stranded is dealt with (%s) before anything is copied; then it is a switchover',
  async (strandedTail, before, left) => {
    rig.stranded = STRANDED;
    const failback = await rig.begin({ mode: 'failback', strandedTail, fence: 'external', confirm: true });
    await failback.reaches(({ waitingFor }) => waitingFor === 'confirm');
    expect(rig.done).toEqual([...FIRST, ...before, ...COPIED]);
    await failback.handle.signal('confirm');
    await failback.handle.signal('producersStopped');
    const result = await failback.result();
    expect(result).toMatchObject({
      outcome: 'done',
      repeats: { groups: [{ group: 'billing', messages: 3 }] },
      strandedTail: { policy: strandedTail, messages: 4, queues: STRANDED, more: { queues: 0, messages: 4 } },
    });
    expect(rig.done).toEqual([...FIRST, ...before, ...COPIED, ...HOME]);
    expect(rig.world).toMatchObject({ held: '', left });
  },
);

test('a dry run tells what is stranded, and changes nothing', async () => {
  rig.stranded = STRANDED;
  const result = await (await rig.begin({ mode: 'failback', dryRun: true })).result();
  expect(result).toMatchObject({ outcome: 'dry-run', strandedTail: { messages: 4 } });
  expect(rig.done).toEqual(['surveyBack', 'findStranded', 'countRepeats']);
});

test('what groups got twice is not counted where the failover could not read from where they went on', async () => {
  rig.isPlacedKnown = false;
  const result = await (await rig.begin({ mode: 'failback', dryRun: true })).result();
  expect(result).toMatchObject({ outcome: 'dry-run', warnings: [expect.stringContaining('was not counted')] });
  expect(result).not.toHaveProperty('repeats');
  expect(rig.done).toEqual(['surveyBack', 'findStranded']);
});

test('refused while the source is away, changing nothing; where the tail cannot be told, its permissions are put back', async () => {
  rig.problems = ['east is not back'];
  expect(await (await rig.begin({ mode: 'failback' })).result()).toMatchObject({
    outcome: 'refused',
    problems: ['east is not back'],
  });
  expect(rig.done).toEqual(['hold', 'surveyBack', 'release']);
  rig.reset();
  rig.tailProblems = ['queue orders/east-a/0: it was cut off'];
  const result = await (await rig.begin({ mode: 'failback' })).result();
  expect(result.outcome).toBe('aborted');
  expect(result.problems.join()).toContain('replicator resume');
  expect(rig.world).toEqual(rig.untouched);
});

test('aborted once it copies both ways, that goes on, and the source stays closed', async () => {
  const failback = await rig.begin({ mode: 'failback', confirm: true });
  await failback.reaches(({ waitingFor }) => waitingFor === 'confirm');
  await failback.handle.signal('abort');
  expect((await failback.result()).outcome).toBe('aborted');
  expect(rig.world).toMatchObject({ left: [], held: '', groups: { east: false } });
  expect(rig.done.at(-1)).toBe('release');
  expect(rig.done.filter((name) => name === 'permissions east')).toHaveLength(1);
});

test('where the replication refuses to copy both ways, the source is as it was', async () => {
  rig.refuses = 'regain';
  const result = await (await rig.begin({ mode: 'failback' })).result();
  expect(result).toMatchObject({ outcome: 'aborted', problems: [expect.stringContaining('no regain today')] });
  expect(rig.world).toEqual({ ...rig.untouched, groups: { east: true, west: false } });
});

test('aborted while the replication answers, it copies both ways, and the source stays closed', async () => {
  let answer: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    rig.before = (name) => {
      if (name !== 'regain') return Promise.resolve();
      resolve();
      return new Promise((goOn) => (answer = goOn));
    };
  });
  const failback = await rig.begin({ mode: 'failback' });
  await asked;
  await failback.handle.signal('abort');
  answer();
  const result = await failback.result();
  expect(result.outcome).toBe('aborted');
  expect(steps(result)).toContain('regain: done');
  expect(rig.world).toMatchObject({ left: [], held: '', groups: { east: false } });
});
