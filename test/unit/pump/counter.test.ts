import { expect, test } from 'vitest';
import { Counter } from '../../../src/pump/counter.ts';
import { addCounters, NO_COUNTERS } from '../../../src/replication/messages.ts';

test('growth is handed over once, however much is counted while a report is under way', () => {
  const counter = new Counter();
  expect(counter.growth()).toEqual(NO_COUNTERS);
  counter.add({ copied: 3, bytes: 300 });
  counter.add({ copied: 2, settled: 1 });
  const told = counter.total;
  const first = counter.growth();
  expect(first).toEqual({ ...NO_COUNTERS, copied: 5, bytes: 300, settled: 1 });
  counter.add({ copied: 1, repeated: 4, gapSkipped: 7, loopSkipped: 9 });
  counter.reported(told);
  const second = counter.growth();
  expect(second).toEqual({ ...NO_COUNTERS, copied: 1, repeated: 4, gapSkipped: 7, loopSkipped: 9 });
  expect(addCounters(first, second)).toEqual(counter.total);
});

test('a report that did not arrive is part of the next', () => {
  const counter = new Counter();
  counter.add({ copied: 3 });
  counter.growth();
  counter.add({ copied: 4 });
  expect(counter.growth().copied).toBe(7);
});
