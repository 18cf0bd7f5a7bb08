import { setTimeout as sleep } from 'node:timers/promises';
import type { Queue } from '../src/transport/types.ts';
import { ByteBudget, MESSAGE_MEMORY } from '../src/pump/byte-budget.ts';
import { readMessages } from '../src/pump/read-messages.ts';
import { backlog, ORIGINAL, sendUntilTaken } from './backlog.ts';
import { createTopic, type Brokers, type Side } from './brokers.ts';
import { PumpProcess } from './pump.ts';

const A_SECOND = 1000;
const SECONDS = 20;
const MESSAGES = A_SECOND * SECONDS;
/** While everybody starts. */
const WARM_UP = 3 * A_SECOND;
const SIZE = 1024;
const TOPIC = 'latency';
export const LATENCY_BYTES = 3 * (SIZE + 200) * (MESSAGES + WARM_UP);
/** Goal: at most so many times the raw consumer's, or so many ms. */
export const GOAL_TIMES = 3;
export const GOAL_MS = 5;

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

export interface LatencyResult {
  readonly messagesASecond: number;
  /** From the source broker's store timestamp to a raw long-poll consumer. ms */
  readonly raw: Latency;
  /** From the source broker's store timestamp to the destination broker's. ms */
  readonly pump: Latency;
}

/** A steady flow on 4 queues, copied by the pump and read by a raw consumer at the same time, each in a process of its own. */
export async function measureLatency(brokers: Brokers): Promise<LatencyResult> {
  const { east, west } = brokers;
  const queues = await createTopic(east, TOPIC);
  const copies = await createTopic(west, TOPIC);
  const total = WARM_UP + MESSAGES;
  const pump = new PumpProcess();
  const consumer = new PumpProcess();
  try {
    const copied = pump.copy(brokers, queues, total);
    const consumed = consumer.consume(east, queues, total);
    const [seenMs] = await Promise.all([consumed, copied, produce(east, queues, total)]);
    const stored = await Promise.all(queues.map((queue) => storeTimes(east, queue)));
    const copiesStored = await Promise.all(copies.map((queue) => storeTimes(west, queue)));
    return {
      messagesASecond: A_SECOND,
      raw: latencyOf(stored, seenMs),
      pump: latencyOf(stored, copiesStored),
    };
  } finally {
    pump.end();
    consumer.end();
  }
}

/** One message a millisecond on average, in bursts as short as timers allow; each waits for nobody. */
async function produce({ cluster }: Side, queues: readonly Queue[], total: number): Promise<void> {
  const writer = cluster.openDestination();
  const { full: one } = backlog(1, SIZE, ORIGINAL);
  const sends: Promise<void>[] = [];
  try {
    const began = performance.now();
    while (sends.length < total) {
      const due = Math.min(total, Math.floor(((performance.now() - began) * A_SECOND) / 1000));
      while (sends.length < due) {
        const sent = sendUntilTaken(writer, queues[sends.length % queues.length]!, one);
        sent.catch(() => undefined);
        sends.push(sent);
      }
      await sleep(1);
    }
    await Promise.all(sends);
  } finally {
    writer.close();
  }
}

/** When each message of the queue was stored. ms since 1970, by the broker's clock */
async function storeTimes({ cluster }: Side, queue: Queue): Promise<number[]> {
  const reader = cluster.openSource();
  const times: number[] = [];
  try {
    const { min, max } = await reader.range(queue);
    const place = { reader, queue, budget: new ByteBudget(MESSAGE_MEMORY) };
    await readMessages(place, min, max, ({ storeTimestamp }) => times.push(storeTimestamp));
  } finally {
    reader.close();
  }
  return times;
}

/** Of all queues, but for the messages of the warm-up. */
function latencyOf(stored: readonly number[][], arrived: readonly number[][]): Latency {
  const waits = stored
    .flatMap((times, queue) => times.map((time, i) => arrived[queue]![i]! - time).slice(WARM_UP / stored.length))
    .sort((a, b) => a - b);
  const at = (part: number) => waits[Math.floor(part * (waits.length - 1))]!;
  return { p50: at(0.5), p99: at(0.99) };
}
