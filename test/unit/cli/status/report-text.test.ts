import { expect, test } from 'vitest';
import type { PendingActivity } from '../../../../src/cli/executions.ts';
import { reportText } from '../../../../src/cli/status/report-text.ts';
import type { ReplicationReport } from '../../../../src/cli/status/report.ts';
import { newTask } from '../../../../workflows/replication/task.ts';
import { statusOf } from '../../../../workflows/replication/views.ts';
import { replicationInput } from '../../../../src/replication/input.ts';

const INPUT = replicationInput.parse({ source: 'east', destination: 'west', topics: ['orders'] });
const STATUS = {
  ...statusOf(newTask('orders', INPUT, '2026-01-01T00:00:00.000Z')),
  state: 'RUNNING',
  health: 'RUNNING',
};

function pump(change: Partial<PendingActivity>): PendingActivity {
  return { id: 'pump-0-1', type: 'pump', state: 'STARTED', attempt: 1, ...change };
}

function report(activities: readonly PendingActivity[], change: object = {}): ReplicationReport {
  const execution = {
    name: 'orders',
    runId: 'r',
    status: 'RUNNING',
    startedAt: '2026-01-01T00:00:00.000Z',
    activities,
  };
  return {
    name: 'orders',
    health: 'RUNNING',
    status: STATUS,
    execution,
    noLag: 'not asked',
    ...change,
  } as ReplicationReport;
}

test.each(['PAUSED', 'PAUSE_REQUESTED'])(
  'a pump that Temporal says is %s shows as paused by Temporal, and how to go on',
  (state) => {
    expect(reportText(report([pump({ state }), pump({ id: 'pump-1-2' })]), false)).toContain(
      'paused by Temporal: pump-0-1 does not copy until temporal activity unpause --workflow-id replication/orders --activity-id pump-0-1\n',
    );
    expect(reportText(report([pump({})]), false)).not.toContain('paused by Temporal');
  },
);

test('the same without a worker', () => {
  const text = reportText(report([pump({ state: 'PAUSED' })], { status: undefined, health: 'NO WORKER' }), false);
  expect(text).toContain('  pump paused by Temporal, attempt 1');
});

test('troubles of heartbeats show before the pump has reported them, and once only', () => {
  const progress = {
    holder: 1,
    copied: 0,
    bytes: 0,
    blocked: 0,
    troubles: ['broker west-a: refused', 'broker west-b: gone'],
  };
  const status = { ...STATUS, troubles: ['broker west-a: refused'] };
  const lines = reportText(report([pump({ progress })], { status }), false).split('\n');
  expect(lines.filter((line) => line.startsWith('trouble'))).toEqual([
    'trouble, being retried: broker west-a: refused',
    'trouble, being retried: broker west-b: gone',
  ]);
});
