import { setTimeout as sleep } from 'node:timers/promises';
import type { Destination, Queue } from '../../src/transport/types.ts';
import { encodeBatch, encodedBytes, type TestMessage } from './messages.ts';

const BATCH_BYTES = 1024 * 1024;
const BATCH_MESSAGES = 256;

export interface ProduceOptions {
  readonly writer: Destination;
  readonly queues: readonly Queue[];
  readonly messages: Iterable<TestMessage>;
  /** Messages a second over all queues; without it as fast as the broker takes them. */
  readonly rate?: number;
  readonly stop?: AbortSignal;
}

/**
 * Produces the messages to the queues in turn, in batches, one in flight a queue. A batch whose outcome is unknown is sent again
 * with a `TRY` property, so that even a source that holds both can be told apart. Returns how many were acknowledged.
 */
export async function produce({ writer, queues, messages, rate, stop }: ProduceOptions): Promise<number> {
  const lanes = queues.map(() => [] as TestMessage[]);
  const laneBytes = queues.map(() => 0);
  const underWay = queues.map(() => Promise.resolve());
  const began = performance.now();
  let acknowledged = 0;
  let turn = 0;
  const flush = async (lane: number) => {
    const batch = lanes[lane]!.splice(0);
    laneBytes[lane] = 0;
    await underWay[lane];
    if (batch.length === 0) return;
    underWay[lane] = sendUntilStored(writer, queues[lane]!, batch).then(() => {
      acknowledged += batch.length;
    });
    underWay[lane].catch(() => undefined);
  };
  let produced = 0;
  for (const message of messages) {
    if (stop?.aborted) break;
    const lane = turn++ % queues.length;
    const waiting = lanes[lane]!;
    const bytes = encodedBytes(message);
    const fits = waiting.length < BATCH_MESSAGES && (waiting.length === 0 || laneBytes[lane]! + bytes <= BATCH_BYTES);
    if (!fits || (waiting[0] && waiting[0].sysFlag !== message.sysFlag)) await flush(lane);
    lanes[lane]!.push(message);
    laneBytes[lane]! += bytes;
    produced++;
    if (rate !== undefined && produced % Math.max(1, Math.floor(rate / 100)) === 0) {
      await Promise.all(queues.map((_, index) => flush(index)));
      const due = began + (produced / rate) * 1000 - performance.now();
      if (due > 0) await sleep(due);
    }
  }
  await Promise.all(queues.map((_, index) => flush(index)));
  await Promise.all(underWay);
  return acknowledged;
}

async function sendUntilStored(writer: Destination, queue: Queue, messages: readonly TestMessage[]): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const marked =
      attempt === 0
        ? messages
        : messages.map((message) => ({
            ...message,
            properties: [...message.properties, ['TRY', String(attempt)] as const],
          }));
    const body = encodeBatch(marked);
    try {
      await writer.send(
        queue,
        {
          sysFlag: messages[0]!.sysFlag,
          bornTimestamp: Date.now(),
          parts: [body],
          bytes: body.length,
          messages: messages.length,
        },
        10_000,
      );
      return;
    } catch (error) {
      if (attempt === 120) throw error;
      await sleep(500);
    }
  }
}
