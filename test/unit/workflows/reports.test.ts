import { expect, test } from 'vitest';
import { dealAdded } from '../../../src/replication/deal-queues.ts';
import { NO_COUNTERS } from '../../../src/replication/messages.ts';
import { applyReport, pumpReport } from '../../../workflows/replication/reports.ts';
import { blockedQueues, layShards, shardsOf } from '../../../workflows/replication/flow-state.ts';
import { detailsOf, healthOf, positionsOf, statusOf } from '../../../workflows/replication/views.ts';
import { gap } from '../../support/replication-rig.ts';
import { NOW, onlyFlow, reportOf, runningTask } from './task.ts';

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

test('a queue of which a pump knows nothing yet stays as it was told to be', () => {
  const task = runningTask();
  applyReport(task, reportOf(0, { blocked: [gap(0, 2), gap(1, 5, 9)] }), NOW);
  applyReport(task, pumpReport.parse(reportOf(0, { blocked: [], unseen: ['orders/east-a/1'] })), NOW);
  expect(blockedQueues(onlyFlow(task))).toEqual([gap(1, 5, 9)]);
  applyReport(task, reportOf(0, { blocked: [gap(1, 6, 9)] }), NOW);
  expect(blockedQueues(onlyFlow(task))).toEqual([gap(1, 6, 9)]);
});

test('a report of an earlier pump, or of a shard that is not there, only counts', () => {
  const task = runningTask();
  const counters = { ...NO_COUNTERS, copied: 3 };
  applyReport(task, reportOf(0, { pump: 'run/pump-9', blocked: [gap(1, 5)], counters }), NOW);
  applyReport(task, reportOf(7, { blocked: [gap(1, 5)], counters }), NOW);
  expect(blockedQueues(onlyFlow(task))).toEqual([]);
  expect(onlyFlow(task).counters.copied).toBe(6);
});

test('a queue stays blocked when the shards are laid anew', () => {
  const task = runningTask();
  applyReport(task, reportOf(0, { blocked: [gap(1, 5)] }), NOW);
  layShards(onlyFlow(task), task.input.parallelism);
  expect(onlyFlow(task).shards.map(({ blocked }) => blocked.length)).toEqual([1, 0]);
  expect(healthOf({ ...task, state: 'PAUSED' })).toBe('PAUSED');
});

test('a shard whose queues stay together stays the same; in others queues stand where they stood', () => {
  const task = runningTask();
  const flow = onlyFlow(task);
  const [orders, payments] = flow.shards;
  applyReport(task, reportOf(0, { blocked: [gap(1, 5)], next: { 'orders/east-a/0': 7, 'orders/east-a/1': 5 } }), NOW);
  const parts = dealAdded([orders!.queues, payments!.queues], [...flow.map, { ...flow.map[1]!, topic: 'refunds' }], 3);
  flow.shards = shardsOf(flow, parts);
  expect(flow.shards.slice(0, 2)).toEqual([orders, payments]);
  expect(flow.shards[0]).toBe(orders);
  expect(flow.shards[2]).toMatchObject({ blocked: [], next: {} });
  flow.map = [...flow.map, { ...flow.map[1]!, topic: 'refunds' }];
  task.input = { ...task.input, parallelism: 6 };
  layShards(onlyFlow(task), task.input.parallelism);
  expect(flow.shards).toHaveLength(6);
  expect(blockedQueues(onlyFlow(task))).toEqual([gap(1, 5)]);
  expect(positionsOf(task, 0).positions.slice(0, 2)).toMatchObject([
    { topic: 'orders', queue: 0, next: 7, asOf: NOW },
    { topic: 'orders', queue: 1, next: 5, asOf: NOW },
  ]);
});

test('reports are checked, and may tell more than this release knows', () => {
  expect(pumpReport.safeParse({ ...reportOf(0), later: true }).success).toBe(true);
  expect(pumpReport.safeParse({ ...reportOf(0), blocked: 'no' }).success).toBe(false);
});
