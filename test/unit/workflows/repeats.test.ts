import { expect, test } from 'vitest';
import { carry, MAX_CARRIED_BYTES } from '../../../workflows/replication/carried.ts';
import { applyReport } from '../../../workflows/replication/reports.ts';
import { NOW, onlyFlow, reportOf, runningTask } from './task.ts';

function run(queue: number, offset: number, count: number) {
  return { topic: 'orders', broker: 'east-a', queue, offset, count };
}

test('R4: repeated copies are counted once, however often pumps tell them', () => {
  const task = runningTask();
  const tell = (...repeats: ReturnType<typeof run>[]) => {
    applyReport(task, reportOf(0, { repeats }), NOW);
    return onlyFlow(task).counters.repeated;
  };
  expect(tell(run(0, 100, 5))).toBe(5);
  // the next pump finds them again, and one more behind them
  expect(tell(run(0, 100, 6))).toBe(6);
  expect(tell(run(0, 90, 10), run(1, 100, 5))).toBe(21);
  expect(tell(run(0, 85, 30))).toBe(21 + 5 + 9); // 85-89 and 106-114
  expect(tell(run(0, 85, 30))).toBe(35);
});

test('where not all that was counted fits into the next run, what was found last goes there', () => {
  const task = runningTask();
  const flow = onlyFlow(task);
  const find = (offset: number) => {
    applyReport(task, reportOf(0, { repeats: [run(0, offset, 1)] }), NOW);
  };
  find(100);
  for (let i = 0; i < 10_000; i++) flow.repeats[`a-topic-with-a-name/broker-a/${i}`] = [[i, i + 1]];
  expect(JSON.stringify(flow.repeats).length).toBeGreaterThan(MAX_CARRIED_BYTES);
  find(200);
  expect(carry(task).flows[0]!.repeats).toHaveProperty(['orders/east-a/0']);
});
