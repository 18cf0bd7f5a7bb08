import { compareLogs, readLog, type Log, type Verdict } from '../test/support/oracle/compare.ts';
import type { Consumption } from './consumption.ts';
import { figuresOf, type Figures, type Moments } from './figures.ts';
import type { Ledger } from './order-producer.ts';
import { ORDER_NUMBER } from './orders.ts';

/** Where the brokers keep what they stored. */
export interface StorePaths {
  readonly source: string;
  readonly destination: string;
}

export interface Checked extends Figures {
  /** Messages in the source's log. */
  readonly produced: number;
  /** Messages that the producer got an acknowledgement for. */
  readonly acknowledged: number;
  /** Messages in the destination's log. */
  readonly copied: number;
  /** Messages of the source's log, or acknowledged to the producer, that the destination does not hold. */
  readonly lost: number;
  readonly repeated: number;
  readonly outOfOrder: number;
  /** Messages of the destination that are no copy of a source message, byte for byte, or lack the tag. */
  readonly changed: number;
}

export interface Expected {
  readonly topic: string;
  readonly ledger: Ledger;
  /** What the replication adds to each copy. */
  readonly tag: { readonly key: string; readonly value: string };
  readonly moments: Moments;
}

/**
 * Holds the destination's log against the source's and against what the producer was told, by the tests' oracle: it decodes the
 * brokers' files by itself, nothing of the product takes part.
 */
export async function check(stores: StorePaths, { topic, ledger, tag, moments }: Expected): Promise<Checked> {
  const setAside = [tag.key, ORDER_NUMBER];
  const source = await readLog(stores.source, topic, setAside);
  const destination = await readLog(stores.destination, topic, setAside);
  const verdict = compareLogs(source, destination);
  return {
    ...withLedger(verdict, source, destination, ledger),
    changed: verdict.changed + withoutTag(destination, tag),
    ...figuresOf(source, destination, moments),
  };
}

type Counts = Omit<Checked, keyof Figures | 'changed'>;

/** What was acknowledged must be on the destination, in its queue and in order, whatever the source's log says. */
export function withLedger(verdict: Verdict, source: Log, destination: Log, ledger: Ledger): Counts {
  let { lost } = verdict;
  let outOfOrder = 0;
  let acknowledged = 0;
  for (const [queue, numbers] of ledger) {
    const produced = placesOf(source, queue);
    const copied = placesOf(destination, queue);
    let last = -1;
    for (const number of numbers) {
      const place = copied.get(String(number));
      // What the source still holds is among the verdict's.
      if (place === undefined) lost += produced.has(String(number)) ? 0 : 1;
      else if (place < last) outOfOrder++;
      last = Math.max(last, place ?? -1);
    }
    acknowledged += numbers.length;
  }
  const { source: produced, copied, repeated } = verdict;
  return { produced, acknowledged, copied, lost, repeated, outOfOrder: Math.max(outOfOrder, verdict.outOfOrder) };
}

/** Order number -> place of its first message in the queue. */
function placesOf(log: Log, queue: number): Map<string, number> {
  const places = new Map<string, number>();
  for (const [place, { tags }] of (log.get(queue) ?? []).entries()) {
    const number = tags.get(ORDER_NUMBER)!;
    if (!places.has(number)) places.set(number, place);
  }
  return places;
}

function withoutTag(log: Log, { key, value }: Expected['tag']): number {
  return [...log.values()].flat().filter(({ tags }) => tags.get(key) !== value).length;
}

/** Whether every promise was kept. */
export function holds(result: Checked & Consumption): boolean {
  const { produced, copied, lost, repeated, outOfOrder, changed, consumed, consumedLost, consumedTwice } = result;
  const isExact = lost + repeated + outOfOrder + changed + consumedLost + consumedTwice === 0;
  return produced > 0 && copied === produced && consumed > 0 && isExact;
}
