import { describe, expect, it } from 'vitest';
import type { QueueLag } from '../../../../src/pump/flow-lag.ts';
import { queueSamples, summed, type Offsets } from '../../../../src/cli/watch/sample.ts';
import type { BlockedQueue } from '../../../../src/replication/messages.ts';

const NOW = 1_000_000;

function lag(queue: number, max: number, behind: number): QueueLag {
  return { topic: 't', broker: 'b', queue, max, lag: behind, next: max - behind };
}

function offsets(atSeconds: number, queues: QueueLag[], storedAt: Record<string, number> = {}): Offsets {
  return { at: atSeconds * 1000, queues, storedAt: new Map(Object.entries(storedAt)) };
}

const blocked: BlockedQueue = {
  topic: 't',
  broker: 'b',
  queue: 3,
  kind: 'gap',
  reason: 'it is gone',
  at: 5,
  since: '2026-01-01T00:00:00Z',
};

describe('a queue', () => {
  const before = offsets(10, [lag(0, 100, 100), lag(1, 50, 50), lag(2, 7, 0), lag(3, 9, 4)]);
  const after = offsets(12, [lag(0, 160, 60), lag(1, 80, 80), lag(2, 7, 0), lag(3, 9, 4)], {
    't/b/0': NOW - 1500,
    't/b/2': NOW - 9000,
    't/b/3': NOW + 50,
  });
  const samples = queueSamples(after, before, [blocked], NOW);

  it('that is blocked comes first, then the largest lag', () => {
    expect(samples.map(({ queue, state }) => [queue, state])).toEqual([
      [3, 'blocked'],
      [1, 'waiting'],
      [0, 'copying'],
      [2, 'caught up'],
    ]);
    expect(samples[0]).toMatchObject({ reason: 'gap: it is gone' });
  });

  it('has a rate by what was copied since the refresh before', () => {
    expect(Object.fromEntries(samples.map(({ queue, rate }) => [queue, rate]))).toEqual({ 0: 50, 1: 0, 2: 0, 3: 0 });
  });

  it('has the age of its oldest waiting message where that is known; a clock behind ours makes none negative', () => {
    expect(Object.fromEntries(samples.map(({ queue, oldestMs }) => [queue, oldestMs]))).toEqual({
      0: 1500,
      1: undefined,
      2: undefined,
      3: 0,
    });
  });

  it('sums up: rate, lag, and the oldest age', () => {
    expect(summed(samples)).toEqual({ rate: 50, lag: 144, oldestMs: 1500 });
  });
});

it('the first refresh has no rates; a queue that went back has none below 0', () => {
  expect(summed(queueSamples(offsets(1, [lag(0, 10, 5)]), undefined, [], NOW))).toEqual({ lag: 5 });
  const [back] = queueSamples(offsets(2, [lag(0, 10, 9)]), offsets(1, [lag(0, 10, 5)]), [], NOW);
  expect(back).toMatchObject({ rate: 0, state: 'waiting' });
});

it('a queue without a checkpoint counts from the oldest message that it holds', () => {
  const fresh: QueueLag = { topic: 't', broker: 'b', queue: 0, max: 30, lag: 10 };
  const [sample] = queueSamples(offsets(2, [lag(0, 30, 4)]), offsets(1, [fresh]), [], NOW);
  expect(sample).toMatchObject({ rate: 6, state: 'copying' });
});
