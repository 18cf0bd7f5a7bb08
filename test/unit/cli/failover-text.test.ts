import { describe, expect, test } from 'vitest';
import { failoverText, leftText, Progress, runsAlreadyText } from '../../../src/cli/failover-text.ts';
import type { FailoverResult, FailoverStatus } from '../../../src/replication/failover/messages.ts';

const STATUS: FailoverStatus = {
  ...{
    replication: 'orders',
    mode: 'switchover',
    state: 'RUNNING',
    pastPointOfNoReturn: false,
    steps: [],
    warnings: [],
  },
};

const TO_PUT_BACK = ['fence-routes: make the topics writable', 'hold: replicator release orders'];
const DOES = { does: 'makes the topics writable on the destination', state: 'running' } as const;

describe('who starts a second failover is told how to end the one that runs, as far as it can be', () => {
  const terminate = 'temporal workflow terminate -w failover/orders';

  test('before the point of no return, and where no worker answers', () => {
    expect(runsAlreadyText('orders', STATUS)).toContain('--send abort ends it');
    expect(runsAlreadyText('orders', undefined)).toContain('once a worker answers');
  });

  test('while it puts everything back, with what is left to do by hand then', () => {
    const text = runsAlreadyText('orders', { ...STATUS, state: 'UNDOING', toPutBack: TO_PUT_BACK });
    expect(text).toContain(`${terminate}, then do by hand:\n  ${TO_PUT_BACK.join('\n  ')}`);
    expect(text).not.toContain('abort');
  });

  test('behind the point of no return', () => {
    const text = runsAlreadyText('orders', { ...STATUS, pastPointOfNoReturn: true });
    expect(text).toContain(`${terminate}, then replicator release orders`);
    expect(text).not.toContain('abort');
  });

  test('where the destination serves already, to wait, and what to do there otherwise', () => {
    const status = { ...STATUS, mode: 'failover', pastPointOfNoReturn: true } as const;
    const begun = { name: 'raise-epoch', does: 'has every pump end' };
    expect(runsAlreadyText('orders', { ...status, steps: [{ ...begun, state: 'running' }] })).not.toContain(
      'wait for it',
    );
    const text = runsAlreadyText('orders', {
      ...status,
      steps: [
        { ...begun, state: 'done' },
        { name: 'open', ...DOES },
      ],
    });
    expect(text).toMatch(/it is at open: makes the topics writable.* wait for it: /);
    expect(text).toMatch(
      /release orders, and on the destination for its topics: mqadmin updateTopicPerm -b MASTER -t TOPIC -p 6; for its groups: mqadmin updateSubGroup -b MASTER -g GROUP -s true/,
    );
  });
});

test('whoever follows one that puts everything back, or that was terminated, is told what mends it', () => {
  const lines: string[] = [];
  const progress = new Progress((line) => lines.push(line));
  const undoing = { ...STATUS, state: 'UNDOING', toPutBack: TO_PUT_BACK } as const;
  progress.show(undoing);
  progress.show({ ...STATUS, toPutBack: TO_PUT_BACK });
  expect(lines).toEqual([expect.stringContaining(`by hand:\n  ${TO_PUT_BACK.join('\n  ')}`)]);
  expect(leftText(undoing)).toContain(TO_PUT_BACK[0]);
  expect(leftText(STATUS)).toBe('');
});

test('an abort that could not put everything back does not say so', () => {
  const result: FailoverResult = {
    ...{ outcome: 'aborted', replication: 'orders', mode: 'switchover', problems: ['east is gone'], warnings: [] },
    ...{ steps: [], startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T00:00:00.000Z' },
  };
  expect(failoverText(result)).toContain('everything is as it was');
  const left = failoverText({ ...result, notUndone: ['fence-routes'] });
  expect(left).toContain('not everything could be put back: fence-routes');
  expect(left).not.toContain('as it was');
});
