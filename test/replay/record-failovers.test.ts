import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { describe, test } from 'vitest';
import { useFailoverRig } from '../integration/workflows/rig.ts';
import { type FailoverRig, type FailoverUnderTest, steps } from '../support/failover-rig.ts';
import { save } from './recording.ts';

/** A hard fence is lifted, and routes count as spread, after 55 s. */
const LONG = 120_000;
const STRANDED = [{ topic: 'orders', broker: 'east-a', queue: 1, from: 7, to: 12, messages: 4 }];

/** Histories of the workflow `failover`. */
describe('record histories of failovers', () => {
  let rig: FailoverRig;
  useFailoverRig((started) => {
    rig = started;
  });

  async function waitsFor(move: FailoverUnderTest, word: string): Promise<void> {
    await move.reaches(({ waitingFor }) => waitingFor === word);
  }

  async function says(move: FailoverUnderTest, ...words: readonly string[]): Promise<void> {
    for (const word of words) {
      await waitsFor(move, word);
      await move.handle.signal(word, { by: 'ann', reason: 'moving day' });
    }
  }

  async function ended(move: FailoverUnderTest, outcome: string): Promise<void> {
    const result = await move.result();
    if (result.outcome !== outcome)
      throw new Error(`it is ${result.outcome}, not ${outcome}: ${result.problems.join()}`);
  }

  describe('a switchover', () => {
    test('fenced by an operator, with groups, and asked', async () => {
      rig.groups = ['billing'];
      rig.outOfStep = [[{ group: 'billing', problem: 'copying has not come as far' }]];
      Object.assign(rig, { refuses: 'reverse', passing: 1 });
      const move = await rig.begin({ fence: 'external', confirm: true, by: 'kim' });
      await says(move, 'producersStopped', 'confirm');
      await ended(move, 'done');
      await save('switchover-external', move.handle);
    });

    test('fenced by brokers', { timeout: LONG }, async () => {
      const move = await rig.begin({ fence: 'broker' });
      await move.reaches((status) => steps(status).includes('lift-fence: running'));
      await move.handle.signal('abort');
      await ended(move, 'done');
      await save('switchover-broker', move.handle);
    });

    test('fenced by routes, home on a replication that copies both ways', { timeout: LONG }, async () => {
      Object.assign(rig, { mode: 'two-way', home: true, groups: ['billing', 'off'], disabled: ['off'] });
      const move = await rig.begin({ fence: 'topic' });
      await ended(move, 'done');
      await save('switchover-topic', move.handle);
    });

    test('that leaves something to do', async () => {
      rig.groups = ['billing'];
      rig.refuses = 'reverse';
      rig.fails = (name) => (name === 'groups east' ? ApplicationFailure.nonRetryable('east is away') : undefined);
      const move = await rig.begin({ fence: 'external' });
      await move.handle.signal('confrim');
      await says(move, 'producersStopped');
      await ended(move, 'incomplete');
      await save('switchover-incomplete', move.handle);
    });

    test('aborted while it drains', async () => {
      rig.before = (name) => (name === 'awaitCopied' ? Context.current().cancelled : Promise.resolve());
      const move = await rig.begin({ fence: 'broker' });
      await move.reaches((status) => steps(status).includes('drain: running'));
      await move.handle.signal('abort', { by: 'kim' });
      await ended(move, 'aborted');
      await save('switchover-aborted', move.handle);
    });

    test('cancelled while it waits', async () => {
      const move = await rig.begin({ fence: 'external' });
      await waitsFor(move, 'producersStopped');
      await move.handle.cancel();
      await ended(move, 'aborted');
      await save('switchover-cancelled', move.handle);
    });

    test('that nobody confirms', async () => {
      const move = await rig.begin({ fence: 'broker', confirm: true, patience: 1 });
      await ended(move, 'aborted');
      await save('switchover-unconfirmed', move.handle);
    });

    test('whose step fails, and that cannot put everything back', async () => {
      const gone = (name: string) => name === 'takeCut' || name === 'restoreBrokers';
      rig.fails = (name) => (gone(name) ? ApplicationFailure.nonRetryable('east is gone') : undefined);
      const move = await rig.begin({ fence: 'broker' });
      await ended(move, 'aborted');
      await save('switchover-failed', move.handle);
    });

    test('refused', async () => {
      rig.problems = ['the topics differ'];
      const move = await rig.begin({});
      await ended(move, 'refused');
      await save('switchover-refused', move.handle);
    });

    test('dry run', async () => {
      const move = await rig.begin({ dryRun: true });
      await ended(move, 'dry-run');
      await save('switchover-dry-run', move.handle);
    });

    test('wrong input', async () => {
      const move = await rig.begin({ patience: 0 });
      await move.result().catch(() => undefined);
      await save('switchover-wrong-input', move.handle);
    });
  });

  describe('a failover', () => {
    test('with groups, and asked', async () => {
      rig.groups = ['billing'];
      const move = await rig.begin({ mode: 'failover', confirm: true });
      await says(move, 'confirm');
      await ended(move, 'done');
      await save('failover', move.handle);
    });

    test('given up', async () => {
      const move = await rig.begin({ mode: 'failover', confirm: true });
      await waitsFor(move, 'confirm');
      await move.handle.signal('abort', { by: 'ann' });
      await ended(move, 'refused');
      await save('failover-aborted', move.handle);
    });
  });

  describe('a failback', () => {
    test('that copies what is stranded', async () => {
      Object.assign(rig, { stranded: STRANDED, groups: ['billing'] });
      const move = await rig.begin({ mode: 'failback', strandedTail: 'copy', fence: 'external', confirm: true });
      await says(move, 'confirm', 'producersStopped');
      await ended(move, 'done');
      await save('failback-copy', move.handle);
    });

    test('that leaves what is stranded, where nobody knows where groups went on', async () => {
      Object.assign(rig, { stranded: STRANDED, isPlacedKnown: false, mode: 'two-way', home: true });
      const move = await rig.begin({ mode: 'failback', strandedTail: 'leave', fence: 'external' });
      await says(move, 'producersStopped');
      await ended(move, 'done');
      await save('failback-leave', move.handle);
    });

    test('that puts aside what is stranded, aborted once it copies both ways', async () => {
      rig.stranded = STRANDED;
      const move = await rig.begin({ mode: 'failback', strandedTail: 'aside', confirm: true });
      await waitsFor(move, 'confirm');
      await move.handle.signal('abort');
      await ended(move, 'aborted');
      await save('failback-aside', move.handle);
    });

    test('where it cannot be told what is stranded', async () => {
      rig.tailProblems = ['queue orders/east-a/0: it was cut off'];
      const move = await rig.begin({ mode: 'failback' });
      await ended(move, 'aborted');
      await save('failback-failed', move.handle);
    });
  });
});
