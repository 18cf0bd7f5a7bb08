import type { Consumed } from '../test/support/java-consumers.ts';
import type { Ledger } from './order-producer.ts';
import { orderNumber } from './orders.ts';

export interface Consumption {
  /** Orders that the application got, on either cluster. */
  readonly consumed: number;
  /** Orders that a broker acknowledged and that the application never got. */
  readonly consumedLost: number;
  /** How often the application got an order again. */
  readonly consumedTwice: number;
}

/** Holds what an application was given against what the brokers acknowledged to its producers. */
export function countConsumed(produced: readonly Ledger[], consumed: readonly Consumed[]): Consumption {
  const got = new Set(consumed.map(({ keys }) => orderNumber(keys)));
  let consumedLost = 0;
  for (const ledger of produced)
    for (const numbers of ledger.values()) for (const number of numbers) if (!got.has(number)) consumedLost++;
  return { consumed: got.size, consumedLost, consumedTwice: consumed.length - got.size };
}
