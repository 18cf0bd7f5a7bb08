import type { MessageCursor } from '../transport/message.ts';
import type { OffsetSource, Queue } from '../transport/types.ts';
import { CopyReader } from './copies.ts';
import { findBoundary } from './find-copy.ts';
import type { CopyPlace, NewestCopy } from './newest-copy.ts';
import { QueueBlocked } from './problems.ts';
import { findProperty } from './properties.ts';
import { readMessage } from './read-messages.ts';

const UNIQUE_KEY = Buffer.from('UNIQ_KEY\u0001');
const VALUE_END = 2;

/**
 * Compares the newest copy with the message that stands in its place on the source (R8): they differ where the topic was deleted
 * and recreated, or a slave with a shorter tail was promoted and filled up. Where either is gone there is nothing to compare.
 * @throws QueueBlocked
 */
export async function checkHistory(
  source: OffsetSource,
  from: Queue,
  place: CopyPlace,
  newest: NewestCopy,
): Promise<void> {
  if ((await isSame(source, from, place, newest)) !== false) return;
  throw new QueueBlocked(
    'history',
    newest.sourceOffset + 1,
    `the source's message at offset ${newest.sourceOffset} is not the one that was copied: the topic was recreated, or the queue was cut off and filled again`,
  );
}

/** Whether another message stands by now where this one was read. */
export async function wasReplaced(source: OffsetSource, from: Queue, read: MessageCursor): Promise<boolean> {
  const now = await readMessage(source, from, read.queueOffset);
  return now !== undefined && !isSameMessage(now, read);
}

/**
 * The first source offset that holds something else than what was copied from there: where copying has to go on if the source's
 * history counts. Between copies, where nothing can be compared, the earlier offset is taken: a message too many, never one too few.
 */
export async function findDivergence(
  source: OffsetSource,
  from: Queue,
  place: CopyPlace,
  newest: NewestCopy,
): Promise<number> {
  const { min, max } = await source.range(from);
  const copies = new CopyReader(place);
  const { generation } = place.source;
  const bounds = { low: (await copies.range()).min, high: newest.offset, next: { ...newest, generation } };
  let low = min;
  let high = Math.max(min, Math.min(max, newest.sourceOffset + 1));
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const { next: copy } = await findBoundary(copies, { generation, sourceOffset: middle }, bounds);
    if (copy && copy.sourceOffset < high && (await isSame(source, from, place, copy))) low = copy.sourceOffset + 1;
    else high = middle;
  }
  return low;
}

/** `undefined` where one of the two messages is not there. */
async function isSame(
  source: OffsetSource,
  from: Queue,
  { reader, queue }: CopyPlace,
  copy: NewestCopy,
): Promise<boolean | undefined> {
  const [original, copied] = await Promise.all([
    readMessage(source, from, copy.sourceOffset),
    readMessage(reader, queue, copy.offset),
  ]);
  return original && copied && isSameMessage(original, copied);
}

/** By `UNIQ_KEY`, else by the body. */
function isSameMessage(original: MessageCursor, copied: MessageCursor): boolean {
  const keys = [uniqueKey(original), uniqueKey(copied)] as const;
  if (keys[0] && keys[1]) return keys[0].equals(keys[1]);
  return body(original).equals(body(copied));
}

function uniqueKey({ records, propertiesStart, propertiesEnd }: MessageCursor): Buffer | undefined {
  const start = findProperty(records, propertiesStart, propertiesEnd, UNIQUE_KEY);
  if (start < 0) return undefined;
  const end = records.indexOf(VALUE_END, start);
  return records.subarray(start, end < 0 || end > propertiesEnd ? propertiesEnd : end);
}

function body({ records, bodyStart, bodyEnd }: MessageCursor): Buffer {
  return records.subarray(bodyStart, bodyEnd);
}
