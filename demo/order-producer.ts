import { setTimeout as sleep } from 'node:timers/promises';
import type { Destination, Queue } from '../src/transport/types.ts';
import { encodeBatch } from '../test/support/messages.ts';
import { DemoFailed } from './failure.ts';
import { order } from './orders.ts';

const SEND_TIMEOUT_MS = 10_000;
const TICK_MS = 10;
const MOST_IN_A_BATCH = 256;
const MOST_FAILURES_IN_A_ROW = 20;

/** Numbers of the orders that the broker acknowledged, by queue, in the order in which they were sent. */
export type Ledger = ReadonlyMap<number, readonly number[]>;

/**
 * An application on one cluster: sends orders at a steady rate, one batch in flight a queue, and keeps a ledger of what was
 * acknowledged. Orders whose sending failed are sent again as new messages, so the ledger never claims too much.
 */
export class OrderProducer {
  readonly #writer: Destination;
  readonly #queues: readonly Queue[];
  readonly #rate: number;
  readonly #nextNumber: () => number;
  readonly #ledger = new Map<number, number[]>();
  #acknowledged = 0;

  /** @param rate orders a second */
  constructor(writer: Destination, queues: readonly Queue[], rate: number, nextNumber: () => number) {
    this.#writer = writer;
    this.#queues = queues;
    this.#rate = rate;
    this.#nextNumber = nextNumber;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  /** Produces until `stop` aborts; when it resolves nothing is under way. @throws DemoFailed */
  async run(stop: AbortSignal): Promise<void> {
    const began = performance.now();
    await Promise.all(this.#queues.map((queue) => this.#produce(queue, began, stop)));
  }

  async #produce(queue: Queue, began: number, stop: AbortSignal): Promise<void> {
    const acknowledged: number[] = [];
    this.#ledger.set(queue.id, acknowledged);
    let failures = 0;
    while (!stop.aborted) {
      const due = ((performance.now() - began) / 1000) * (this.#rate / this.#queues.length) - acknowledged.length;
      if (due < 1) {
        await sleep(TICK_MS);
        continue;
      }
      const numbers = Array.from({ length: Math.min(Math.floor(due), MOST_IN_A_BATCH) }, this.#nextNumber);
      try {
        await this.#send(queue, numbers);
        for (const number of numbers) acknowledged.push(number);
        this.#acknowledged += numbers.length;
        failures = 0;
      } catch (error) {
        if (++failures === MOST_FAILURES_IN_A_ROW)
          throw new DemoFailed(
            `the producer gives up: ${queue.broker} did not take orders ${failures} times in a row: ${(error as Error).message}`,
            { cause: error },
          );
        await sleep(100);
      }
    }
  }

  async #send(queue: Queue, numbers: readonly number[]): Promise<void> {
    const body = encodeBatch(numbers.map(order));
    const batch = {
      sysFlag: 0,
      bornTimestamp: Date.now(),
      parts: [body],
      bytes: body.length,
      messages: numbers.length,
    };
    await this.#writer.send(queue, batch, SEND_TIMEOUT_MS);
  }
}
