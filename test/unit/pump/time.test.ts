import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { aborted, Backoff, pause } from '../../../src/pump/time.ts';

vi.mock('node:timers/promises', () => import('../../support/fake-sleep.ts'));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = new AbortController().signal;

/** How long the fake clock has to run until the promise resolves. ms */
async function duration(promise: Promise<unknown>): Promise<number> {
  const begun = performance.now();
  let ended: number | undefined;
  void promise.then(() => {
    ended = performance.now();
  });
  await vi.advanceTimersByTimeAsync(60_000);
  return ended! - begun;
}

test('pause waits its time', async () => {
  expect(await duration(pause(1234, never))).toBe(1234);
});

test('pause ends with its signal, and resolves', async () => {
  const stop = new AbortController();
  const waited = duration(pause(50_000, stop.signal));
  setTimeout(() => {
    stop.abort();
  }, 70);
  expect(await waited).toBe(70);
  expect(await duration(pause(50_000, stop.signal))).toBe(0);
});

test('aborted resolves with the signal, also when that is over', async () => {
  const stop = new AbortController();
  const waited = duration(aborted(stop.signal));
  setTimeout(() => {
    stop.abort();
  }, 30);
  expect(await waited).toBe(30);
  expect(await duration(aborted(stop.signal))).toBe(0);
});

test('waits between failures grow from 100 ms to 5 s, and begin anew after a success', async () => {
  const backoff = new Backoff();
  const waits: number[] = [];
  for (let failures = 0; failures < 8; failures++) waits.push(await duration(backoff.wait(never)));
  expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  backoff.reset();
  expect(await duration(backoff.wait(never))).toBe(100);
});
