import type { Entry, Log } from '../test/support/oracle/compare.ts';

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** Points in time by the wall clock, ms since 1970. */
export interface Moments {
  /** From here on copies were as fresh as they get: the backlog had been copied. */
  readonly caughtUp: number;
  readonly killed: number;
}

/** What the brokers' store times tell. `undefined` where there is nothing to tell from. */
export interface Figures {
  /** Messages a second, from the first copy stored to the last. */
  readonly rate: number | undefined;
  /** Messages stored in the busiest second. */
  readonly busiestSecond: number | undefined;
  /** Store time of the copy minus store time of the original, for what was copied between catching up and the kill. ms */
  readonly latencyMs: Latency | undefined;
  /** The longest time without a copy that ended after the kill. ms */
  readonly standstillMs: number | undefined;
}

export function figuresOf(source: Log, destination: Log, { caughtUp, killed }: Moments): Figures {
  const copies = [...destination.values()].flat();
  const stored = copies.map(({ storeTimestamp }) => storeTimestamp).sort((a, b) => a - b);
  const seconds = stored.length < 2 ? 0 : (stored.at(-1)! - stored[0]!) / 1000;
  const delays = delaysOf(source, destination, (original, copy) => {
    return original.storeTimestamp >= caughtUp && copy.storeTimestamp <= killed;
  });
  return {
    rate: seconds > 0 ? Math.round(stored.length / seconds) : undefined,
    busiestSecond: stored.length > 0 ? mostWithin(1000, stored) : undefined,
    latencyMs: delays.length > 0 ? { p50: percentile(delays, 50), p99: percentile(delays, 99) } : undefined,
    standstillMs: longestGap(stored, killed),
  };
}

/** Sorted. Originals and copies belong together by what they hold. */
function delaysOf(source: Log, destination: Log, counts: (original: Entry, copy: Entry) => boolean): number[] {
  const delays: number[] = [];
  for (const [queue, originals] of source) {
    const copies = new Map((destination.get(queue) ?? []).map((copy) => [copy.identity, copy]));
    for (const original of originals) {
      const copy = copies.get(original.identity);
      if (copy && counts(original, copy)) delays.push(copy.storeTimestamp - original.storeTimestamp);
    }
  }
  return delays.sort((a, b) => a - b);
}

function longestGap(sorted: readonly number[], endingAfter: number): number | undefined {
  let longest: number | undefined;
  for (let i = 1; i < sorted.length; i++)
    if (sorted[i]! > endingAfter) longest = Math.max(longest ?? 0, sorted[i]! - sorted[i - 1]!);
  return longest;
}

function mostWithin(ms: number, sorted: readonly number[]): number {
  let most = 0;
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while (sorted[last]! - sorted[first]! >= ms) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Of sorted numbers, the smallest that `percent` % of them do not exceed. */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)]!;
}
