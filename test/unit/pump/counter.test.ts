import { expect, test } from 'vitest';
import { Counter } from '../../../src/pump/counter.ts';
import { addCounters, NO_COUNTERS } from '../../../src/replication/messages.ts';

test('growth is handed over once, however much is counted while a report is under way', () => {
  const counter = new Counter();
  expect(counter.growth()).toEqual(NO_COUNTERS);
  counter.add({ copied: 3, bytes: 300, loopSkipped: 1 });
  counter.add({ copied: 2, gapSkipped: 5, quarantined: 8, repeated: 6, settled: 7 });
  const told = counter.total;
  const first = counter.growth();
  expect(first).toEqual({
    copied: 5,
    bytes: 300,
    loopSkipped: 1,
    gapSkipped: 5,
    quarantined: 8,
    repeated: 6,
    settled: 7,
  });
  const later = { copied: 1, bytes: 2, loopSkipped: 3, gapSkipped: 4, quarantined: 9, repeated: 5, settled: 6 };
  counter.add(later);
  counter.reported(told);
  const second = counter.growth();
  expect(second).toEqual(later);
  expect(addCounters(first, second)).toEqual(counter.total);
});

test('a report that did not arrive is part of the next', () => {
  const counter = new Counter();
  counter.add({ copied: 3 });
  counter.growth();
  counter.add({ copied: 4 });
  expect(counter.growth().copied).toBe(7);
});
