import type { CopySource } from '../replication/provenance.ts';
import type { MessageCursor } from '../transport/message.ts';
import { MOST_MESSAGES_A_BATCH } from './batch-builder.ts';
import { CopyMatcher, NO_COPY, OLDER_COPY } from './copy-matcher.ts';
import { readMessages, type ReadPlace } from './read-messages.ts';

/** What the destination log says about the copies of one source queue. */
export interface NewestCopy {
  /** Largest source offset that was copied. */
  readonly sourceOffset: number;
  /** Destination offset of that copy. */
  readonly offset: number;
}

/** Copies that the log holds a second time: `count` messages from destination offset `offset` on. */
export interface RepeatedRun {
  readonly offset: number;
  readonly count: number;
}

export interface CopyScan {
  readonly newest: NewestCopy | undefined;
  /** Copies whose source offset does not rise above what came before them. */
  readonly repeated: readonly RepeatedRun[];
  /** Copies of this source queue from before its history changed. */
  readonly older: number;
  /** Messages that are no copies of this source queue. */
  readonly others: number;
}

/** Where to look for copies: the destination queue, and which source queue they come from. */
export interface CopyPlace extends ReadPlace {
  readonly source: CopySource;
}

const FIRST_BACKWARD_STEP = 1024;
const LONGEST_BACKWARD_STEP = 65_536;

/**
 * Finds the newest copy of a source queue in the destination queue, after everything stored there can be read (the dispatch
 * barrier is the caller's). Reads from the checkpoint to the end; where no copy is found there, searches backwards from it in
 * growing steps, to the oldest message if need be: an old, too high or missing checkpoint costs time, not truth (R4, R5).
 *
 * What is found backwards may be a batch that a frozen pump stored late, behind newer copies: so the search looks at as much as
 * such a batch can hold before it.
 */
export async function findNewestCopy(place: CopyPlace, checkpoint?: number): Promise<CopyScan> {
  const { min, max } = await place.reader.range(place.queue);
  let low = checkpoint === undefined ? max : Math.min(Math.max(checkpoint, min), max);
  const ahead = await scanCopies(place, low, max);
  if (ahead.newest) return ahead;
  for (let step = FIRST_BACKWARD_STEP; low > min; step = Math.min(step * 4, LONGEST_BACKWARD_STEP)) {
    const high = low;
    low = Math.max(min, high - step);
    const found = await scanCopies(place, low, high);
    if (found.newest || found.older > 0)
      return await scanCopies(place, Math.max(min, low - MOST_MESSAGES_A_BATCH), high);
  }
  return ahead;
}

/** Reads the destination queue from `from` to `until` (exclusive). `above`: source offset that is known to be copied before. */
export async function scanCopies(place: CopyPlace, from: number, until: number, above = -1): Promise<CopyScan> {
  const scan = new Scan(place.source, above);
  await readMessages(place, from, until, (message) => {
    scan.add(message);
  });
  return scan;
}

class Scan implements CopyScan {
  newest: NewestCopy | undefined;
  readonly repeated: RepeatedRun[] = [];
  older = 0;
  others = 0;
  readonly #matcher: CopyMatcher;
  #highest: number;

  constructor(source: CopySource, above: number) {
    this.#matcher = new CopyMatcher(source);
    this.#highest = above;
  }

  add(message: MessageCursor): void {
    const sourceOffset = this.#matcher.sourceOffset(message);
    if (sourceOffset === NO_COPY) this.others++;
    else if (sourceOffset === OLDER_COPY) this.older++;
    else if (sourceOffset <= this.#highest) this.#repeat(message.queueOffset);
    else {
      this.#highest = sourceOffset;
      this.newest = { sourceOffset, offset: message.queueOffset };
    }
  }

  #repeat(offset: number): void {
    const last = this.repeated.at(-1);
    if (last && last.offset + last.count === offset)
      this.repeated[this.repeated.length - 1] = { ...last, count: last.count + 1 };
    else this.repeated.push({ offset, count: 1 });
  }
}
