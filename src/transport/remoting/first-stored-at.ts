import { MessageCursor } from '../../remoting/protocol/stored-message.ts';
import type { Queue, QueueReader } from '../types.ts';

/**
 * Offset of the first message of the queue that was stored at or after `timestamp`; the queue's end where there is none. `hint` is the
 * broker's own answer: exact since 5.0, from 4.x the nearest message or any one of the same ms. A right one costs two pulls,
 * a wrong one a binary search.
 */
export async function firstStoredAt(
  reader: Pick<QueueReader, 'pull' | 'range'>,
  queue: Queue,
  timestamp: number,
  hint: number,
): Promise<number> {
  // Everything below `low` is older than the timestamp, nothing from `high` on is.
  let { min: low, max: high } = await reader.range(queue);
  let probe = Math.min(hint, high) - 1;
  while (low < high) {
    probe = Math.min(Math.max(probe, low), high - 1);
    if (await isOlder(reader, queue, probe, timestamp)) {
      low = probe + 1;
      probe = low === hint ? hint : Math.floor((low + high) / 2);
    } else {
      high = probe;
      probe = Math.floor((low + high) / 2);
    }
  }
  return low;
}

async function isOlder(
  reader: Pick<QueueReader, 'pull'>,
  queue: Queue,
  offset: number,
  timestamp: number,
): Promise<boolean> {
  const answer = await reader.pull(queue, { offset, maxMessages: 1, waitMs: 0 });
  const message = new MessageCursor(answer.records);
  // A message that retention has just removed is older than all others.
  return message.next() ? message.storeTimestamp < timestamp : offset < answer.range.min;
}
