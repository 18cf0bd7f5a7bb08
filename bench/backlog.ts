import { randomBytes } from 'node:crypto';
import { TARGET_BATCH_BYTES } from '../src/pump/batch-builder.ts';
import { TransportError } from '../src/transport/errors.ts';
import type { Batch, Destination, Queue } from '../src/transport/types.ts';
import type { Meter } from './meter.ts';
import { encodeBatch, encodedBytes, type TestMessage } from '../test/support/messages.ts';

const SEND_TIMEOUT_MS = 30_000;
const MOST_REFUSALS = 50;

/** The batches that fill one queue, encoded beforehand: all but the last are the same one. */
export interface Backlog {
  readonly full: Batch;
  readonly fullBatches: number;
  readonly last: Batch | undefined;
  /** Messages in a queue. */
  readonly messages: number;
}

/** With the properties that the official clients' messages usually have. */
export const ORIGINAL = [
  ['UNIQ_KEY', '7F000001000078308DB16CD4A1B20000'],
  ['KEYS', 'order-1234567'],
  ['TAGS', 'created'],
  ['WAIT', 'true'],
] as const;

/** And with those that the pump adds: what a destination has to store, whoever sends it. */
export const COPY = [
  ...ORIGINAL,
  ['REPL_FROM', '1:east:round-1:3:0:123456:east-a'],
  ['region', 'east'],
  ['REPL_ORIGIN', 'east'],
] as const;

/** As large as the pump's batches can be. */
export function backlog(messages: number, size: number, properties: TestMessage['properties']): Backlog {
  const message = { flag: 0, sysFlag: 0, body: randomBytes(size), properties };
  const inBatch = Math.max(1, Math.min(messages, Math.floor(TARGET_BATCH_BYTES / encodedBytes(message))));
  const rest = messages % inBatch;
  return {
    full: batchOf(message, inBatch),
    fullBatches: Math.floor(messages / inBatch),
    last: rest > 0 ? batchOf(message, rest) : undefined,
    messages,
  };
}

/** Sends the backlog to each queue, one batch in flight a queue. @throws TransportError */
export async function sendBacklog(
  writer: Destination,
  queues: readonly Queue[],
  { full, fullBatches, last }: Backlog,
  meter: Meter,
): Promise<void> {
  await Promise.all(
    queues.map(async (queue) => {
      const sendOne = async (batch: Batch) => {
        await sendUntilTaken(writer, queue, batch);
        meter.add(batch.messages);
      };
      for (let i = 0; i < fullBatches; i++) await sendOne(full);
      if (last) await sendOne(last);
    }),
  );
}

/** A broker on a busy machine turns requests away before it looks at them; that is part of what is measured. */
export async function sendUntilTaken(writer: Destination, queue: Queue, batch: Batch): Promise<void> {
  for (let refused = 0; ; refused++)
    try {
      await writer.send(queue, batch, SEND_TIMEOUT_MS);
      return;
    } catch (error) {
      const turnedAway = error instanceof TransportError && error.answered && error.retryable;
      if (!turnedAway || refused === MOST_REFUSALS) throw error;
    }
}

function batchOf(message: TestMessage, count: number): Batch {
  const body = encodeBatch(Array.from({ length: count }, () => message));
  return { sysFlag: 0, bornTimestamp: Date.now(), parts: [body], bytes: body.length, messages: count };
}
