import { expect, test } from 'vitest';
import { carry, MAX_CARRIED_BYTES, restore, type Carried } from '../../../workflows/replication/carried.ts';
import { applyReport } from '../../../workflows/replication/reports.ts';
import { record, remember, type Task } from '../../../workflows/replication/task.ts';
import { gap } from '../../support/replication-rig.ts';
import { NOW, reportOf, runningTask } from './task.ts';

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

function nextRun(task: Task): Task {
  return restore(task.name, task.input, JSON.parse(JSON.stringify(carry(task))) as Carried);
}

test('the next run knows what this one knew', () => {
  const task = runningTask();
  applyReport(task, reportOf(0, { blocked: [gap(1, 5, 9)] }), NOW);
  record(task, 'pause', { by: 'kim' }, 'done', NOW);
  remember(task, { operationId: 'x', command: 'pause', answer: { done: true, state: 'PAUSED' } });
  Object.assign(task, {
    reason: 'night',
    starts: { 'orders/east-a/0': 3 },
    skips: { 'orders/east-a/1': 9 },
    pumpsBegun: 4,
  });
  const next = nextRun(task);
  const { shards, ...kept } = task;
  expect(next).toMatchObject(kept);
  expect(next.shards.map(({ blocked, queues }) => ({ blocked, queues }))).toEqual(
    shards.map(({ blocked, queues }) => ({ blocked, queues })),
  );
  expect(next.shards.every(({ pump }) => pump === undefined)).toBe(true);
});

test('what is carried stays small, and what cannot be found again is kept longest', () => {
  const task = runningTask();
  const queues = Array.from({ length: 20_000 }, (_, i) => `a-topic-with-a-name/broker-a/${i}`);
  task.starts = Object.fromEntries(queues.map((key, i) => [key, i]));
  task.skips = Object.fromEntries(queues.map((key, i) => [key, i]));
  applyReport(task, reportOf(0, { blocked: Array.from({ length: 2000 }, (_, i) => gap(i, 5, 9)) }), NOW);
  for (let i = 0; i < 200; i++) {
    const reason = 'ж'.repeat(500);
    record(task, 'pause', { by: 'kim', reason }, 'done', NOW);
    remember(task, { operationId: `op-${i}`, command: 'pause', answer: { done: false, reason } });
  }
  const carried = carry(task);
  expect(bytesOf(carried)).toBeLessThanOrEqual(MAX_CARRIED_BYTES);
  expect(carried).toMatchObject({ starts: {}, prepared: false, blocked: [], map: task.map, counters: task.counters });
  expect(carried.skips['a-topic-with-a-name/broker-a/19999']).toBe(19_999);
  // the task itself is as it was: a run that does not end after all goes on with it
  expect(task.audit).toHaveLength(200);
});

test('state of a later release is left to a worker of that release', () => {
  const task = runningTask();
  expect(() => restore(task.name, task.input, { ...carry(task), format: 2 })).toThrow('upgrade this worker');
});
