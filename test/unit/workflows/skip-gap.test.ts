import { expect, test } from 'vitest';
import { carry, MAX_CARRIED_BYTES } from '../../../workflows/replication/carried.ts';
import { applyReport } from '../../../workflows/replication/reports.ts';
import { skipGap } from '../../../workflows/replication/skip-gap.ts';
import type { Task } from '../../../workflows/replication/task.ts';
import type { Work } from '../../../workflows/replication/work.ts';
import { gap } from '../../support/replication-rig.ts';
import { NOW, onlyFlow, reportOf, runningTask } from './task.ts';

const WORK = { of: () => ({ restart: () => Promise.resolve() }) } as unknown as Work;

/** The queue is blocked at source offset `at`, and an operator says to go on at `to`. */
async function skip(task: Task, queue: number, at: number, to: number): Promise<number> {
  applyReport(task, reportOf(0, { blocked: [gap(queue, at)] }), NOW);
  expect(await skipGap(task, WORK, { topic: 'orders', queue, to })).toMatchObject({ done: true });
  return onlyFlow(task).counters.gapSkipped;
}

test('a skip that leads beyond the end of the queue, and is corrected, counts as what is passed over in the end', async () => {
  const task = runningTask();
  expect(await skip(task, 1, 5, 100)).toBe(95);
  expect(await skip(task, 1, 5, 9)).toBe(4);
  expect(await skip(task, 1, 20, 22)).toBe(6);
  expect(await skip(task, 0, 1, 4)).toBe(9);
});

test('where not all skips fit into the next run, the last ones go there, also of queues that were skipped before', async () => {
  const task = runningTask();
  const flow = onlyFlow(task);
  flow.skips = { 'orders/east-a/1': 9 };
  for (let i = 0; i < 20_000; i++) flow.skips[`a-topic-with-a-name/broker-a/${i}`] = i;
  expect(JSON.stringify(flow.skips).length).toBeGreaterThan(MAX_CARRIED_BYTES);
  await skip(task, 1, 20, 22);
  expect(carry(task).flows[0]!.skips).toHaveProperty(['orders/east-a/1'], 22);
});
