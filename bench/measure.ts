import { backlog, sendBacklog } from './backlog.ts';
import { createTopic, type Brokers, type Side } from './brokers.ts';
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
  /** The pump's process so far. Bytes. */
  readonly peakRss: number;
}

/**
 * Fills a fresh topic on the source, then measures, one after the other: reading it, sending as much to the destination by the
 * same client, and the pump. Before each the brokers have dispatched what came before.
 */
export async function measureRound(
  brokers: Brokers,
  pump: PumpProcess,
  { topic, messages, size }: { readonly topic: string; readonly messages: number; readonly size: number },
): Promise<Round> {
  const { east, west } = brokers;
  const load = backlog(Math.ceil(messages / 4), size);
  const from = await createTopic(east, topic);
  const total = load.messages * from.length;
  await send(east, topic, load);

  const pulled = await timed(async () => {
    const count = await pullAll(east.cluster, from);
    if (count !== total) throw new Error(`reading ${topic} gave ${count} messages, expected ${total}`);
  });

  const sendTopic = `${topic}-send`;
  await createTopic(west, sendTopic);
  const sent = await send(west, sendTopic, load);

  const to = await createTopic(west, topic);
  const { seconds, batches, peakRss } = await pump.copy(brokers, from, total);
  const ranges = await Promise.all(to.map((queue) => west.cluster.admin.range(queue)));
  const copied = ranges.reduce((sum, { max }) => sum + max, 0);
  if (copied !== total) throw new Error(`the pump left ${copied} messages in ${topic}, expected ${total}`);

  const rates = { pull: total / pulled, send: total / sent, pump: total / seconds };
  const ratio = rates.pump / Math.min(rates.pull, rates.send);
  return { messages: total, ...rates, ratio, pumpBatch: total / batches, peakRss };
}

/** Seconds from the first batch to the last acknowledgement. */
async function send({ cluster, broker }: Side, topic: string, load: ReturnType<typeof backlog>): Promise<number> {
  const writer = cluster.openDestination();
  try {
    const queues = [0, 1, 2, 3].map((id) => ({ topic, broker, id }));
    const seconds = await timed(() => sendBacklog(writer, queues, load));
    await writer.dispatched(broker, QUIET_LIMIT_MS);
    return seconds;
  } finally {
    writer.close();
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
