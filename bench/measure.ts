import { backlog, COPY, ORIGINAL, sendBacklog, type Backlog } from './backlog.ts';
import { createTopic, QUEUES, queuesOf, type Brokers, type Side } from './brokers.ts';
import { Meter } from './meter.ts';
import { pullAll } from './pull.ts';
import type { PumpProcess } from './pump.ts';

const QUIET_LIMIT_MS = 60_000;

export interface Round {
  /** Messages copied. */
  readonly messages: number;
  /** Messages a second, each. */
  readonly pull: number;
  readonly send: number;
  readonly pump: number;
  /** The pump against the slower of the other two. */
  readonly ratio: number;
  /** The pump's mean batch, messages. */
  readonly pumpBatch: number;
  /** CPU seconds of the pump's process for a million messages. */
  readonly pumpCpu: number;
  /** From the pump's start to its first acknowledgement. ms */
  readonly startMs: number;
  /** The pump's process so far. Bytes. */
  readonly peakRss: number;
}

/**
 * Fills a fresh topic on the source, then measures, one after the other: reading it, sending as many copies to the destination by
 * the same client, and the pump. What is sent counts as sent when it can be read, so no work is left to the next measurement.
 */
export async function measureRound(
  brokers: Brokers,
  pump: PumpProcess,
  { topic, messages, size }: { readonly topic: string; readonly messages: number; readonly size: number },
): Promise<Round> {
  const { east, west } = brokers;
  const inQueue = Math.ceil(messages / QUEUES);
  const total = inQueue * QUEUES;
  await send(east, topic, backlog(inQueue, size, ORIGINAL));

  const from = queuesOf(east, topic);
  const meter = new Meter();
  await pullAll(east.cluster, from, meter);
  const pull = meter.rate();
  if (meter.messages !== total) throw new Error(`reading ${topic} gave ${meter.messages} messages, expected ${total}`);

  const sent = await send(west, `${topic}-send`, backlog(inQueue, size, COPY));

  const to = await createTopic(west, topic);
  const { rate, startMs, batches, peakRss, cpuSeconds } = await pump.copy(brokers, from, total);
  const ranges = await Promise.all(to.map((queue) => west.cluster.admin.range(queue)));
  const copied = ranges.reduce((sum, { max }) => sum + max, 0);
  if (copied !== total) throw new Error(`the pump left ${copied} messages in ${topic}, expected ${total}`);
  return {
    ...{ messages: total, pull, send: sent, pump: rate, ratio: rate / Math.min(pull, sent) },
    ...{ pumpBatch: total / batches, pumpCpu: (cpuSeconds * 1e6) / total, startMs, peakRss },
  };
}

/** Messages a second to a new topic. */
export async function send(side: Side, topic: string, load: Backlog, count: number = QUEUES): Promise<number> {
  const queues = await createTopic(side, topic, count);
  const writer = side.cluster.openDestination();
  const meter = new Meter();
  try {
    await sendBacklog(writer, queues, load, meter);
    await writer.dispatched(side.broker, QUIET_LIMIT_MS);
    return meter.rate();
  } finally {
    writer.close();
  }
}
