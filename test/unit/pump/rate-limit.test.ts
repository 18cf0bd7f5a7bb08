import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RateLimiter, type RateLimit } from '../../../src/pump/rate-limit.ts';

vi.mock('node:timers/promises', () => import('../../support/fake-sleep.ts'));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = new AbortController().signal;

interface Passed {
  readonly at: number;
  readonly bytes: number;
  readonly messages: number;
}

/** Sends batches one after the other, each after the pause that goes before it, and says when each might go. ms */
async function send(
  limit: RateLimit,
  batches: readonly { bytes: number; messages: number; pauseMs?: number }[],
): Promise<Passed[]> {
  const limiter = new RateLimiter(limit);
  const begun = performance.now();
  const passed: Passed[] = [];
  for (const { bytes, messages, pauseMs = 0 } of batches) {
    await vi.advanceTimersByTimeAsync(pauseMs);
    const turn = limiter.take(bytes, messages, never);
    await vi.runAllTimersAsync();
    await turn;
    passed.push({ at: performance.now() - begun, bytes, messages });
  }
  return passed;
}

describe('a rate limit', () => {
  test('lets everything pass where there is none', async () => {
    const passed = await send({}, Array(5).fill({ bytes: 1e9, messages: 1e6 }) as never);
    expect(passed.map(({ at }) => at)).toEqual([0, 0, 0, 0, 0]);
  });

  test('lets a batch larger than a second is worth pass, and has it paid for afterwards', async () => {
    const [first, second] = await send({ bytesPerSecond: 100 }, [
      { bytes: 1000, messages: 1 },
      { bytes: 1, messages: 1 },
    ]);
    expect([first!.at, second!.at]).toEqual([0, 10_000]);
  });

  test('the stricter of the two counts', async () => {
    const limit = { bytesPerSecond: 1000, messagesPerSecond: 10 };
    const passed = await send(limit, [
      { bytes: 100, messages: 10 },
      { bytes: 2000, messages: 1 },
      { bytes: 0, messages: 1 },
    ]);
    expect(passed.map(({ at }) => at)).toEqual([0, 1000, 3000]);
  });

  test('what was passed over costs nothing', async () => {
    const limit = { messagesPerSecond: 1 };
    const passed = await send(limit, [
      { bytes: 10, messages: 1 },
      { bytes: 0, messages: 0 },
    ]);
    expect(passed.map(({ at }) => at)).toEqual([0, 0]);
  });

  test('is never passed on average, and time that was not used is not saved up', async () => {
    const batch = fc.record({
      bytes: fc.nat(5000),
      messages: fc.integer({ min: 1, max: 50 }),
      pauseMs: fc.nat(3000),
    });
    const limits = fc.record({
      bytesPerSecond: fc.integer({ min: 1, max: 10_000 }),
      messagesPerSecond: fc.integer({ min: 1, max: 100 }),
    });
    await fc.assert(
      fc.asyncProperty(
        limits,
        fc.array(batch, { minLength: 1, maxLength: 30, size: 'max' }),
        async (limit, batches) => {
          const passed = await send(limit, batches);
          // from any batch to any later one: what went before the later one is paid for by then
          for (let first = 0; first < passed.length; first++) {
            let bytes = 0;
            let messages = 0;
            for (let later = first + 1; later < passed.length; later++) {
              bytes += passed[later - 1]!.bytes;
              messages += passed[later - 1]!.messages;
              const seconds = (passed[later]!.at - passed[first]!.at) / 1000;
              // fake timers count in whole ms
              const rounding = 0.001 * (later - first) + 1e-6;
              expect(bytes).toBeLessThanOrEqual(limit.bytesPerSecond * (seconds + rounding));
              expect(messages).toBeLessThanOrEqual(limit.messagesPerSecond * (seconds + rounding));
            }
          }
        },
      ),
    );
  });

  test('a stop ends the wait at once', async () => {
    const limiter = new RateLimiter({ messagesPerSecond: 1 });
    await limiter.take(1, 3600, never);
    const stop = new AbortController();
    const waiting = limiter.take(1, 1, stop.signal);
    stop.abort();
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
  });
});
