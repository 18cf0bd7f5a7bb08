import { MessageCursor } from '../transport/message.ts';
import { CopyMatcher } from './copy-matcher.ts';
import type { CopyPlace, NewestCopy } from './newest-copy.ts';
import { PullAhead } from './pull-ahead.ts';

/**
 * The first copy of source offset `sourceOffset` or of a later one, at or before `newest`: a binary search, because source offsets
 * rise along the destination queue within a generation (R1, R4). Steps over messages that are no copies of this source queue.
 * `undefined` where nothing so new was copied.
 */
export async function findCopyFrom(
  place: CopyPlace,
  sourceOffset: number,
  newest: NewestCopy,
): Promise<NewestCopy | undefined> {
  if (newest.sourceOffset < sourceOffset) return undefined;
  const { min } = await place.reader.range(place.queue);
  let found = newest;
  let low = min;
  let high = newest.offset;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const copy = await nextCopy(place, middle, high);
    if (!copy) high = middle;
    else if (copy.sourceOffset < sourceOffset) low = copy.offset + 1;
    else {
      found = copy;
      high = middle;
    }
  }
  return found;
}

/** The first copy in the destination queue from `from` on, before `until`. */
async function nextCopy(place: CopyPlace, from: number, until: number): Promise<NewestCopy | undefined> {
  const { reader, queue, source, budget, signal } = place;
  const matcher = new CopyMatcher(source);
  const reading = new PullAhead({ reader, queue, from, until, budget, signal, pullsInFlight: 1 });
  try {
    for (let answer = await reading.take(); answer?.kind === 'messages'; answer = await reading.take()) {
      const message = new MessageCursor(answer.records);
      while (message.next()) {
        const sourceOffset = matcher.sourceOffset(message);
        if (sourceOffset >= 0) return { sourceOffset, offset: message.queueOffset };
      }
    }
    return undefined;
  } finally {
    reading.close();
  }
}
