import { backlog, COPY, ORIGINAL, sendBacklog, type Backlog } from './backlog.ts';
import { busySeconds } from './busy.ts';
import { createTopic, QUEUES, queuesOf, type Brokers, type Side } from './brokers.ts';
import { Meter } from './meter.ts';
import { pullAll } from './pull.ts';
import type { PumpProcess } from './pump.ts';
import type { Queue } from '../src/transport/types.ts';

const QUIET_LIMIT_MS = 60_000;

export interface Round {
  /** Messages copied. */
  readonly messages: number;
  /** Messages a second, each. */
  readonly pull: number;
  readonly send: number;
  /** The same two at once: the clusters share the machine, so neither is as fast as alone. */
  readonly pullBeside: number;
  readonly sendBeside: number;
  readonly pump: number;
  /** The pump against the slower of pull and send, each alone. */
  readonly ratio: number;
  /** The pump against the slower of both at once. */
  readonly ratioBeside: number;
  /** The pump's mean batch, messages. */
  readonly pumpBatch: number;
  /** CPU seconds of all processes, the brokers' included, for reading a million messages, and for sending as many. */
  readonly pullBusy: number;
  readonly sendBusy: number;
  /** CPU seconds of the pump's process for a million messages. */
  readonly pumpCpu: number;
  /** From the pump's start to its first acknowledgement. ms */
  readonly startMs: number;
  /** The pump's process so far. Bytes. */
  readonly peakRss: number;
}

/**
 * Fills a fresh topic on the source, then measures, one after the other: reading it, sending as many copies to the destination by
 * the same client, both at once, and the pump. What is sent counts as sent when it can be read, so no work is left to the next measurement.
 *
 * Both at once is done by one process: a pump has no more than one either, so what it lacks against that is its own work.
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
  const copies = backlog(inQueue, size, COPY);

  const toSend = await createTopic(west, `${topic}-send`);
  const reading = await busySeconds(() => read(east, from, total));
  const sending = await busySeconds(() => sendTo(west, toSend, copies));
  const [pull, sent] = [reading.result, sending.result];
  const beside = await createTopic(west, `${topic}-beside`);
  const [pullBeside, sendBeside] = await Promise.all([read(east, from, total), sendTo(west, beside, copies)]);

  const to = await createTopic(west, topic);
  const { rate, startMs, batches, peakRss, cpuSeconds } = await pump.copy(brokers, from, total);
  const ranges = await Promise.all(to.map((queue) => west.cluster.admin.range(queue)));
  const copied = ranges.reduce((sum, { max }) => sum + max, 0);
  if (copied !== total) throw new Error(`the pump left ${copied} messages in ${topic}, expected ${total}`);
  return {
    ...{ messages: total, pull, send: sent, pullBeside, sendBeside, pump: rate },
    ...{ ratio: rate / Math.min(pull, sent), ratioBeside: rate / Math.min(pullBeside, sendBeside) },
    ...{ pullBusy: (reading.seconds * 1e6) / total, sendBusy: (sending.seconds * 1e6) / total },
    ...{ pumpBatch: total / batches, pumpCpu: (cpuSeconds * 1e6) / total, startMs, peakRss },
  };
}

/** Messages a second to a new topic. */
export async function send(side: Side, topic: string, load: Backlog, count: number = QUEUES): Promise<number> {
  return await sendTo(side, await createTopic(side, topic, count), load);
}

async function sendTo(side: Side, queues: readonly Queue[], load: Backlog): Promise<number> {
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

/** Messages a second. @throws Error where the queues do not hold so many */
async function read({ cluster }: Side, queues: readonly Queue[], messages: number): Promise<number> {
  const meter = new Meter();
  await pullAll(cluster, queues, meter);
  if (meter.messages !== messages)
    throw new Error(`reading ${queues[0]!.topic} gave ${meter.messages} messages, expected ${messages}`);
  return meter.rate();
}
