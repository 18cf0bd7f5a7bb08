import { MessageCursor } from '../../transport/message.ts';
import type { Queue, QueueReader } from '../../transport/types.ts';
import type { ByteBudget } from '../byte-budget.ts';
import { PullAhead } from '../pull-ahead.ts';

/** Reads a queue from `from` to `until` (exclusive), stepping over what retention removes. @throws the signal's reason */
export async function readMessages(
  { reader, queue, budget, signal }: { reader: QueueReader; queue: Queue; budget: ByteBudget; signal: AbortSignal },
  from: number,
  until: number,
  onMessage: (message: MessageCursor) => void,
): Promise<void> {
  let position = from;
  while (position < until) {
    const reading = new PullAhead({ reader, queue, from: position, until, budget, signal });
    try {
      const answer = await readOn(reading, onMessage);
      if (!answer) return;
      const { min } = await reader.range(queue);
      const next = Math.max(min, answer.nextOffset);
      if (next <= position) throw new Error(`the broker does not give offset ${position} of ${queue.topic}`);
      position = next;
    } finally {
      reading.close();
    }
  }
}

/** Until the end, or an answer that says that messages are gone. */
async function readOn(reading: PullAhead, onMessage: (message: MessageCursor) => void) {
  for (let answer = await reading.take(); answer; answer = await reading.take()) {
    if (answer.kind === 'moved') return answer;
    const message = new MessageCursor(answer.records);
    while (message.next()) onMessage(message);
  }
  return undefined;
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
