import type { TestMessage } from '../test/support/messages.ts';

/** The property by which the check finds an order again. */
export const ORDER_NUMBER = 'ORDER';

/** Numbers for orders: each is given once. */
export function numbering(): () => number {
  let next = 0;
  return () => next++;
}

const STATES = ['created', 'paid', 'shipped'] as const;

/** An order as a shop would send it. No two messages have the same number. */
export function order(number: number): TestMessage {
  const customer = `customer-${number % 997}`;
  const state = STATES[number % STATES.length]!;
  const body = {
    order: number,
    customer,
    state,
    lines: Array.from({ length: 1 + (number % 5) }, (_, line) => ({
      article: `article-${(number * 31 + line) % 5003}`,
      pieces: 1 + ((number + line) % 4),
      price: 199 + ((number * 17 + line) % 9800),
    })),
    note: number % 7 === 0 ? 'Grüße aus dem Osten ✓' : '',
  };
  return {
    flag: 0,
    sysFlag: 0,
    body: Buffer.from(JSON.stringify(body)),
    properties: [
      [ORDER_NUMBER, String(number)],
      ['UNIQ_KEY', number.toString(16).toUpperCase().padStart(32, '0')],
      ['KEYS', `order-${number} ${customer}`],
      ['TAGS', state],
      ['__SHARDINGKEY', customer],
      ['WAIT', 'true'],
    ],
  };
}

/** The number of the order with these keys. */
export function orderNumber(keys: string): number {
  return Number(/^order-(\d+)/.exec(keys)?.[1] ?? NaN);
}
