import { MessageCursor } from '../transport/message.ts';
import type { Queue, QueueReader } from '../transport/types.ts';
import type { ByteBudget } from './byte-budget.ts';
import { PullAhead } from './pull-ahead.ts';

export interface ReadPlace {
  readonly reader: QueueReader;
  readonly queue: Queue;
  readonly budget: ByteBudget;
  /** Ends the reading, which then rejects. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a queue of the destination from `from` to `until` (exclusive), stepping over what retention removes meanwhile: what is gone
 * holds no evidence any more. @throws TransportError; the signal's reason
 */
export async function readMessages(
  place: ReadPlace,
  from: number,
  until: number,
  onMessage: (message: MessageCursor) => void,
): Promise<void> {
  for (let next = from; next < until;) next = await readPart(place, next, until, onMessage);
}

/** Reads on until `until`, or until messages are gone that were there before. Returns where to go on. */
async function readPart(
  { reader, queue, budget, signal }: ReadPlace,
  from: number,
  until: number,
  onMessage: (message: MessageCursor) => void,
): Promise<number> {
  const reading = new PullAhead({ reader, queue, from, until, budget, signal });
  let position = from;
  try {
    for (let answer = await reading.take(); answer; answer = await reading.take()) {
      if (answer.kind === 'moved') {
        const { min } = await reader.range(queue);
        const next = Math.max(min, answer.nextOffset);
        if (next <= position) throw new Error(`the destination does not give offset ${position} of ${queue.topic}`);
        return next;
      }
      position = answer.nextOffset;
      const message = new MessageCursor(answer.records);
      while (message.next()) onMessage(message);
    }
    return until;
  } finally {
    reading.close();
  }
}

/** The message at this offset; `undefined` where the queue does not hold it. @throws TransportError */
export async function readMessage(
  reader: QueueReader,
  queue: Queue,
  offset: number,
): Promise<MessageCursor | undefined> {
  const answer = await reader.pull(queue, { offset, maxMessages: 1, waitMs: 0 });
  const message = new MessageCursor(answer.records);
  return answer.kind === 'messages' && message.next() && message.queueOffset === offset ? message : undefined;
}

/** As the broker stores it. */
export function recordOf({ records, start, end }: MessageCursor): Buffer {
  return records.subarray(start, end);
}
