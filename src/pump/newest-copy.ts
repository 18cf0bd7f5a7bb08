import { fromPropertyStart, type CopySource } from '../replication/provenance.ts';
import { MessageCursor } from '../transport/message.ts';
import type { Queue, QueueReader } from '../transport/types.ts';
import type { ByteBudget } from './byte-budget.ts';
import { equalAt, findProperty } from './properties.ts';
import { PullAhead } from './pull-ahead.ts';

/** What the destination log says about the copies of one source queue. */
export interface NewestCopy {
  /** Largest source offset that was copied. */
  readonly sourceOffset: number;
  /** Destination offset of that copy. */
  readonly offset: number;
}

export interface CopyScan {
  readonly newest: NewestCopy | undefined;
  /** Copies whose source offset does not rise above what came before them: the log holds them twice. */
  readonly repeated: number;
  /** Messages that are no copies of this source queue. */
  readonly others: number;
}

/** Where to look for copies: the destination queue, and which source queue they come from. */
export interface CopyPlace {
  readonly reader: QueueReader;
  readonly queue: Queue;
  readonly source: CopySource;
  readonly budget: ByteBudget;
  /** Ends the search, which then rejects. */
  readonly signal?: AbortSignal | undefined;
}

const FIRST_BACKWARD_STEP = 1024;
const LONGEST_BACKWARD_STEP = 65_536;

/**
 * Finds the newest copy of a source queue in the destination queue, after everything stored there can be read (the dispatch
 * barrier is the caller's). Reads from the checkpoint to the end; where no copy is found there, searches backwards from it in
 * growing steps, to the oldest message if need be: an old, too high or missing checkpoint costs time, not truth (R4, R5).
 */
export async function findNewestCopy(place: CopyPlace, checkpoint?: number): Promise<NewestCopy | undefined> {
  const { min, max } = await place.reader.range(place.queue);
  let low = checkpoint === undefined ? max : Math.min(Math.max(checkpoint, min), max);
  const { newest } = await scanCopies(place, low, max);
  if (newest) return newest;
  for (let step = FIRST_BACKWARD_STEP; low > min; step = Math.min(step * 4, LONGEST_BACKWARD_STEP)) {
    const high = low;
    low = Math.max(min, high - step);
    const found = await scanCopies(place, low, high);
    if (found.newest) return found.newest;
  }
  return undefined;
}

/** Reads the destination queue from `from` to `until` (exclusive). `above`: source offset that is known to be copied before. */
export async function scanCopies(place: CopyPlace, from: number, until: number, above = -1): Promise<CopyScan> {
  const { reader, queue, source, budget, signal } = place;
  const reading = new PullAhead({ reader, queue, from, until, budget, signal });
  const matcher = new CopyMatcher(source);
  let newest: NewestCopy | undefined;
  let position = from;
  let highest = above;
  let repeated = 0;
  let others = 0;
  try {
    for (let answer = await reading.take(); answer; answer = await reading.take()) {
      // Retention removes the oldest messages while they are read: what is gone holds no evidence any more.
      if (answer.kind === 'moved') {
        const { min } = await reader.range(queue);
        const next = Math.max(min, answer.nextOffset);
        if (next <= position) throw new Error(`the destination does not give offset ${position} of ${queue.topic}`);
        if (next >= until) break;
        reading.close();
        const rest = await scanCopies(place, next, until, highest);
        return {
          newest: rest.newest ?? newest,
          repeated: repeated + rest.repeated,
          others: others + rest.others,
        };
      }
      position = answer.nextOffset;
      const message = new MessageCursor(answer.records);
      while (message.next()) {
        const sourceOffset = matcher.sourceOffset(message);
        if (sourceOffset < 0) others++;
        else if (sourceOffset <= highest) repeated++;
        else {
          highest = sourceOffset;
          newest = { sourceOffset, offset: message.queueOffset };
        }
      }
    }
    return { newest, repeated, others };
  } finally {
    reading.close();
  }
}

/** Tells copies of one source queue, in one generation, from everything else, without allocating. */
export class CopyMatcher {
  readonly #start: Buffer;
  readonly #end: Buffer;

  constructor(source: CopySource) {
    this.#start = Buffer.from(`${fromPropertyStart(source)}${source.generation}:`);
    this.#end = Buffer.from(`:${source.broker}`);
  }

  /** The source offset that the message is a copy of, or -1. */
  sourceOffset({ records, propertiesStart, propertiesEnd }: MessageCursor): number {
    let position = findProperty(records, propertiesStart, propertiesEnd, this.#start);
    if (position < 0) return -1;
    const digits = position;
    let offset = 0;
    for (; position < propertiesEnd; position++) {
      const digit = records[position]! - 0x30;
      if (digit < 0 || digit > 9) break;
      offset = offset * 10 + digit;
    }
    const end = position + this.#end.length;
    if (position === digits || end > propertiesEnd || !equalAt(records, position, this.#end)) return -1;
    return end === propertiesEnd || records[end] === 2 ? offset : -1;
  }
}
