import { expect, test } from 'vitest';
import { NO_COUNTERS } from '../../../src/replication/messages.ts';
import { applyReport, pumpReport } from '../../../workflows/replication/reports.ts';
import { blockedQueues, layShards } from '../../../workflows/replication/task.ts';
import { detailsOf, healthOf, positionsOf, statusOf } from '../../../workflows/replication/views.ts';
import { gap } from '../../support/replication-rig.ts';
import { NOW, reportOf, runningTask } from './task.ts';

test('a report of the pump at work says what is blocked, where queues stand and what is wrong', () => {
  const task = runningTask();
  applyReport(task, reportOf(0, { blocked: [gap(1, 5, 9)], next: { 'orders/east-a/0': 7 }, troubles: ['slow'] }), NOW);
  expect(healthOf(task)).toBe('BLOCKED');
  expect(statusOf(task)).toMatchObject({ state: 'RUNNING', blocked: [gap(1, 5, 9)], troubles: ['slow'] });
  expect(positionsOf(task, 0).positions[0]).toMatchObject({ next: 7, asOf: NOW });
  expect(positionsOf(task, 0).positions[1]).not.toHaveProperty('next');
  expect(detailsOf(task)).toContain('queue 1 on `east-a`');
  applyReport(task, reportOf(0), NOW);
  expect(healthOf(task)).toBe('RUNNING');
});

test('a report of an earlier pump, or of a shard that is not there, only counts', () => {
  const task = runningTask();
  const counters = { ...NO_COUNTERS, copied: 3 };
  applyReport(task, reportOf(0, { pump: 'run/pump-9', blocked: [gap(1, 5)], counters }), NOW);
  applyReport(task, reportOf(7, { blocked: [gap(1, 5)], counters }), NOW);
  expect(blockedQueues(task)).toEqual([]);
  expect(task.counters.copied).toBe(6);
});

test('a queue stays blocked when the shards are laid anew', () => {
  const task = runningTask();
  applyReport(task, reportOf(0, { blocked: [gap(1, 5)] }), NOW);
  layShards(task);
  expect(task.shards.map(({ blocked }) => blocked.length)).toEqual([1, 0]);
  expect(healthOf({ ...task, state: 'PAUSED' })).toBe('PAUSED');
});

test('reports are checked, and may tell more than this release knows', () => {
  expect(pumpReport.safeParse({ ...reportOf(0), later: true }).success).toBe(true);
  expect(pumpReport.safeParse({ ...reportOf(0), blocked: 'no' }).success).toBe(false);
});
