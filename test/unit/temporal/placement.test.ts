import { describe, expect, test } from 'vitest';
import { surplusPumps, type Placement } from '../../../src/temporal/placement.ts';

const STARTED = 1_000;
const NOW = 100_000;

/** Pumps by worker, `?` for one that no worker has; pollers with when they polled. */
function placement(workers: string, pollers: Record<string, number>): Placement {
  return {
    pumps: workers.split('').map((worker, i) => ({
      activityId: `pump-${i}`,
      worker: worker === '?' ? undefined : worker,
      startedAt: STARTED,
    })),
    pollers: Object.entries(pollers).map(([worker, polledAt]) => ({ worker, polledAt })),
  };
}

function moved(workers: string, pollers: Record<string, number>, settled: Record<string, number> = {}): string[] {
  return surplusPumps(placement(workers, pollers), settled, NOW).map(
    ({ activityId, worker }) => `${activityId} from ${worker}`,
  );
}

describe('surplus pumps', () => {
  test('a worker that joins gets its part', () => {
    expect(moved('aaaa', { a: 5_000, b: 5_000 })).toEqual(['pump-0 from a', 'pump-1 from a']);
    expect(moved('aaaaaa', { a: 5_000, b: 5_000, c: 5_000 })).toHaveLength(4);
    expect(moved('aaabb', { a: 5_000, b: 5_000, c: 5_000 })).toEqual(['pump-0 from a']);
  });

  test('one more than another is no surplus', () => {
    for (const workers of ['a', 'aab', 'aabb', 'abc', ''])
      expect(moved(workers, { a: 5_000, b: 5_000 }), workers).toEqual([]);
  });

  test('a worker that has not asked for work since then may be dead', () => {
    expect(moved('aaaa', { a: 5_000, b: STARTED - 1 })).toEqual([]);
  });

  test('a worker that polls no more because it is full counts by what it has', () => {
    expect(moved('aaaa', { b: 5_000 })).toHaveLength(2);
  });

  test('nothing moves while pumps start or end', () => {
    expect(moved('aaaa?', { a: 5_000, b: 5_000 })).toEqual([]);
  });

  test('what was moved lately stays', () => {
    const settled = { 'pump-0': NOW + 1, 'pump-1': NOW + 1, 'pump-2': NOW - 1, 'pump-3': NOW + 1 };
    expect(moved('aaaa', { a: 5_000, b: 5_000 }, settled)).toEqual(['pump-2 from a']);
  });
});
