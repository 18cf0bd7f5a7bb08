import { expect, test } from 'vitest';
import { failoverText, runsAlreadyText } from '../../../src/cli/failover-text.ts';
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

test('who starts a second failover is told how to end the one that runs, as far as it can be', () => {
  const terminate = 'temporal workflow terminate -w failover/orders, then replicator release orders';
  expect(runsAlreadyText('orders', STATUS)).toContain('--send abort ends it');
  for (const status of [
    { ...STATUS, state: 'UNDOING' as const },
    { ...STATUS, pastPointOfNoReturn: true },
  ]) {
    expect(runsAlreadyText('orders', status)).toContain(terminate);
    expect(runsAlreadyText('orders', status)).not.toContain('abort');
  }
  expect(runsAlreadyText('orders', undefined)).toContain('once a worker answers');
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
