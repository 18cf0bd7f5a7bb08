import { MessageCursor } from '../transport/message.ts';
import type { OffsetRange, PullAnswer, QueueReader } from '../transport/types.ts';
import { CopyMatcher } from './copy-matcher.ts';
import type { CopyPlace } from './newest-copy.ts';
import { PullAhead } from './pull-ahead.ts';

/** What orders the copies of one source queue: the generation, in it the source offset (R1, R4, R8). */
export interface CopyKey {
  readonly generation: number;
  readonly sourceOffset: number;
}

export interface Copy extends CopyKey {
  /** In the destination queue. */
  readonly offset: number;
}

export function isBelow(a: CopyKey, b: CopyKey): boolean {
  return a.generation === b.generation ? a.sourceOffset < b.sourceOffset : a.generation < b.generation;
}

/** A part of the destination queue that was read: the copies in it, and the offset behind it. */
export interface Stretch {
  readonly copies: readonly Copy[];
  readonly next: number;
}

/** What one pull answers at most. */
export const MESSAGES_A_PULL = 32;
/** A copy usually stands where it is looked for. */
const FIRST_PULL = 4;

/** Reads a few messages here and there in the destination queue, for copies of one source queue in every generation. */
export class CopyReader {
  /** Sent so far. */
  requests = 0;
  /** Where the queue ends, as the newest answer says. */
  end = 0;
  readonly #place: CopyPlace;
  readonly #matcher: CopyMatcher;

  /** @param property see `CopyMatcher` */
  constructor(place: CopyPlace, property?: string) {
    this.#place = { ...place, reader: this.#counted(place.reader) };
    this.#matcher = new CopyMatcher(place.source, property);
  }

  /** @throws TransportError */
  async range(): Promise<OffsetRange> {
    const range = await this.#place.reader.range(this.#place.queue);
    this.end = range.max;
    return range;
  }

  /**
   * One pull. What retention has removed meanwhile holds no copies.
   * @throws TransportError; NewerGeneration; Error where the queue ends at `from` or before it
   */
  async read(from: number, until: number, most = MESSAGES_A_PULL): Promise<Stretch> {
    const { reader, queue, signal } = this.#place;
    const maxMessages = Math.min(most, until - from);
    const answer = await reader.pull(queue, { offset: from, maxMessages, waitMs: 0 }, signal);
    return this.#stretch(answer, from);
  }

  /** Looks for a copy in the first few messages from `from` on, before `until`. @throws as `read` */
  async near(from: number, until: number): Promise<Stretch> {
    const stretch = await this.read(from, until, FIRST_PULL);
    if (stretch.copies.length > 0 || stretch.next >= until) return stretch;
    return await this.read(stretch.next, until);
  }

  /** Reads on from `from` until there is a copy, or up to `until`; then the stretch is empty. @throws as `read` */
  async first(from: number, until: number): Promise<Stretch> {
    for await (const stretch of this.#stretches(from, until)) if (stretch.copies.length > 0) return stretch;
    return { copies: [], next: until };
  }

  /** All copies from `from` to `until` (exclusive). @throws as `read` */
  async all(from: number, until: number): Promise<Copy[]> {
    const copies: Copy[] = [];
    for await (const stretch of this.#stretches(from, until)) copies.push(...stretch.copies);
    return copies;
  }

  /** The row of copies that begins at `from`: where it ends, at `until` at the latest, and its last copy. @throws as `read` */
  async row(from: number, until: number): Promise<{ readonly end: number; readonly last?: Copy }> {
    let end = from;
    let last: Copy | undefined;
    for await (const stretch of this.#stretches(from, until)) {
      for (const copy of stretch.copies)
        if (copy.offset === end) {
          last = copy;
          end++;
        }
      if (end < stretch.next) break;
    }
    return { end, ...(last && { last }) };
  }

  /** With many pulls in flight. */
  async *#stretches(from: number, until: number): AsyncGenerator<Stretch> {
    for (let next = from; next < until;) {
      const reading = new PullAhead({ ...this.#place, from: next, until });
      try {
        for (let answer = await reading.take(); answer; answer = await reading.take()) {
          const stretch = this.#stretch(answer, next);
          next = stretch.next;
          yield stretch;
          if (answer.kind === 'moved') break;
        }
      } finally {
        reading.close();
      }
    }
  }

  #stretch({ kind, records, nextOffset, range }: PullAnswer, from: number): Stretch {
    this.end = range.max;
    const next = kind === 'moved' ? Math.max(nextOffset, range.min) : nextOffset;
    if (kind === 'nothing' || next <= from) {
      const { topic, broker, id } = this.#place.queue;
      throw new Error(`${topic}/${broker}/${id} does not give offset ${from}, which it held a moment ago`);
    }
    const copies: Copy[] = [];
    const message = new MessageCursor(records);
    while (message.next()) {
      const sourceOffset = this.#matcher.offsetOfAny(message);
      if (sourceOffset < 0) continue;
      copies.push({ generation: this.#matcher.generation, sourceOffset, offset: message.queueOffset });
    }
    return { copies, next };
  }

  #counted(reader: QueueReader): QueueReader {
    return {
      pull: async (queue, request, signal) => {
        this.requests++;
        return await reader.pull(queue, request, signal);
      },
      range: async (queue) => {
        this.requests += 2;
        return await reader.range(queue);
      },
      close: () => undefined,
    };
  }
}
