import { expect, test } from 'vitest';
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
