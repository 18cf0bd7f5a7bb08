import { describe, expect, it } from 'vitest';
import { holds, withLedger } from '../../../demo/check.ts';
import { countConsumed } from '../../../demo/consumption.ts';
import { figuresOf, percentile } from '../../../demo/figures.ts';
import { ORDER_NUMBER } from '../../../demo/orders.ts';
import { compareLogs, type Entry, type Log } from '../../support/oracle/compare.ts';

/** One queue; each message is its order number, or that and the time (ms) at which it was stored. */
function log(...messages: (number | readonly [number, number])[]): Log {
  const entries = messages.map((message, offset): Entry => {
    const [number, storeTimestamp] = typeof message === 'number' ? [message, 0] : message;
    const tags = new Map([[ORDER_NUMBER, String(number)]]);
    return { offset, identity: String(number), storeTimestamp, from: undefined, redriven: false, tags };
  });
  return new Map([[0, entries]]);
}

function counts(source: Log, destination: Log, acknowledged: readonly number[]) {
  const verdict = compareLogs(source, destination);
  return withLedger(verdict, source, destination, new Map([[0, acknowledged]]));
}

describe("the demo's check", () => {
  it('is content when everything acknowledged arrived, in order', () => {
    const source = log(1, 2, 3);
    expect(counts(source, log(1, 2, 3), [1, 3])).toEqual({
      produced: 3,
      acknowledged: 2,
      copied: 3,
      lost: 0,
      repeated: 0,
      outOfOrder: 0,
    });
  });

  it('counts what was acknowledged but is in neither log', () => {
    expect(counts(log(1, 2), log(1, 2), [1, 2, 3])).toMatchObject({ produced: 2, acknowledged: 3, lost: 1 });
  });

  it('counts a message that only the source has once', () => {
    expect(counts(log(1, 2), log(1), [1, 2])).toMatchObject({ lost: 1 });
  });

  it('sees an order that differs from the order of the acknowledgements', () => {
    expect(counts(log(2, 1), log(2, 1), [1, 2])).toMatchObject({ outOfOrder: 1 });
  });

  it.each(['lost', 'repeated', 'outOfOrder', 'changed', 'consumedLost', 'consumedTwice'] as const)(
    'does not hold with one %s',
    (fault) => {
      const exact = {
        ...{ produced: 2, acknowledged: 2, copied: 2, lost: 0, repeated: 0, outOfOrder: 0, changed: 0 },
        ...{ consumed: 2, consumedLost: 0, consumedTwice: 0 },
        ...{ rate: undefined, busiestSecond: undefined, latencyMs: undefined, standstillMs: undefined },
      };
      expect(holds(exact)).toBe(true);
      expect(holds({ ...exact, [fault]: 1 })).toBe(false);
      expect(holds({ ...exact, produced: 0, copied: 0 })).toBe(false);
      expect(holds({ ...exact, copied: 1 })).toBe(false);
      expect(holds({ ...exact, consumed: 0 })).toBe(false);
    },
  );
});

describe('what the application consumed', () => {
  const produced = [
    new Map([
      [0, [1, 2]],
      [1, [3]],
    ]),
    new Map([[0, [4]]]),
  ];
  const got = (...numbers: number[]) =>
    numbers.map((number) => ({
      ...{ queue: 0, offset: 0, attempt: 0, acknowledged: true, at: 0 },
      keys: `order-${number} customer-7`,
    }));

  it('is held against what the brokers acknowledged', () => {
    expect(countConsumed(produced, got(3, 1, 2, 4))).toEqual({ consumed: 4, consumedLost: 0, consumedTwice: 0 });
    expect(countConsumed(produced, got(1, 2, 2, 2))).toEqual({ consumed: 2, consumedLost: 2, consumedTwice: 2 });
  });
});

describe("the demo's figures", () => {
  // 1 was backlog, 2 and 3 were fresh, 4 and 5 were copied after the kill at 5000.
  const source = log([1, 0], [2, 3000], [3, 4000], [4, 4900], [5, 6000]);
  const destination = log([1, 2000], [2, 3010], [3, 4030], [4, 14_000], [5, 14_500]);

  it('are those of the time between catching up and the kill, and of the standstill after it', () => {
    expect(figuresOf(source, destination, { caughtUp: 2500, killed: 5000 })).toEqual({
      rate: Math.round(5 / 12.5),
      busiestSecond: 2,
      latencyMs: { p50: 10, p99: 30 },
      standstillMs: 14_000 - 4030,
    });
  });

  it('are not made up where nothing was measured', () => {
    expect(figuresOf(source, new Map(), { caughtUp: 2500, killed: 5000 })).toEqual({
      rate: undefined,
      busiestSecond: undefined,
      latencyMs: undefined,
      standstillMs: undefined,
    });
  });

  it('take percentiles by the nearest rank', () => {
    const numbers = Array.from({ length: 200 }, (_, i) => i + 1);
    expect([percentile(numbers, 50), percentile(numbers, 99), percentile([7], 99)]).toEqual([100, 198, 7]);
  });
});
