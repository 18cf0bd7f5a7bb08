import { randomBytes } from 'node:crypto';
import { TARGET_BATCH_BYTES } from '../src/pump/batch-builder.ts';
import { TransportError } from '../src/transport/errors.ts';
import type { Batch, Destination, Queue } from '../src/transport/types.ts';
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

/** As large as the pump's batches. */
export function backlog(messages: number, size: number): Backlog {
  const message = typicalMessage(size);
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
export async function sendBacklog(writer: Destination, queues: readonly Queue[], backlog: Backlog): Promise<void> {
  await Promise.all(
    queues.map(async (queue) => {
      for (let i = 0; i < backlog.fullBatches; i++) await sendOne(writer, queue, backlog.full);
      if (backlog.last) await sendOne(writer, queue, backlog.last);
    }),
  );
}

/** A broker on a busy machine turns requests away before it looks at them; that is part of what is measured. */
async function sendOne(writer: Destination, queue: Queue, batch: Batch): Promise<void> {
  for (let refused = 0; ; refused++)
    try {
      await writer.send(queue, batch, SEND_TIMEOUT_MS);
      return;
    } catch (error) {
      const turnedAway = error instanceof TransportError && error.answered && error.retryable;
      if (!turnedAway || refused === MOST_REFUSALS) throw error;
    }
}

/** With the properties that the official clients' messages usually have. */
function typicalMessage(size: number): TestMessage {
  return {
    flag: 0,
    sysFlag: 0,
    body: randomBytes(size),
    properties: [
      ['UNIQ_KEY', '7F000001000078308DB16CD4A1B20000'],
      ['KEYS', 'order-1234567'],
      ['TAGS', 'created'],
      ['WAIT', 'true'],
    ],
  };
}

function batchOf(message: TestMessage, count: number): Batch {
  const body = encodeBatch(Array.from({ length: count }, () => message));
  return { sysFlag: 0, bornTimestamp: Date.now(), parts: [body], bytes: body.length, messages: count };
}
