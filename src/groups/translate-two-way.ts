import type { ByteBudget } from '../pump/byte-budget.ts';
import { CopyReader, isBelow, type Copy } from '../pump/copies.ts';
import type { CopySource } from '../replication/provenance.ts';
import type { Queue, QueueReader } from '../transport/types.ts';
import { GroupBoundaries, type GroupBoundary, type GroupPosition } from './group-boundaries.ts';
import { kindOfPosition, type Translation } from './translate.ts';

/** Where a group stands that consumes on one side of a two-way replication, and perhaps consumed on the other side before. */
export interface TwoWayPosition {
  /** The queue that the group reads on its active side. */
  readonly queue: Queue;
  /** Where it stands there, and where the copies of that queue on the other side come from. */
  readonly position: GroupPosition;
  /** Where the copies in `queue` come from: the queue that is translated to. */
  readonly back: CopySource;
  /** Next offset that the group reads in the queue that is translated to; `undefined` where it has none. */
  readonly other: number | undefined;
}

export interface TwoWayOptions {
  /** Of the side where the groups are active. */
  readonly active: QueueReader;
  /** Of the other side, to which is translated. */
  readonly other: QueueReader;
  readonly budget: ByteBudget;
  /** Ends what is under way. */
  readonly signal?: AbortSignal | undefined;
}

const FIRST_STEP = 32;
const LONGEST_STEP = 65_536;
/** More messages are not read one by one to tell how many of them will be seen twice. */
const MOST_COUNTED = 32_768;

/**
 * Translates where both sides have producers (R10): a queue holds copies and local messages, and the group has consumed some of the
 * local ones as copies on its active side.
 */
export class TwoWayTranslator {
  readonly #options: TwoWayOptions;
  readonly #boundaries = new GroupBoundaries();

  constructor(options: TwoWayOptions) {
    this.#options = options;
  }

  /**
   * The largest offset of `to` before which the group has consumed everything, on either side. What stands behind it and was consumed will be
   * seen twice: `repeated` says how many messages, or at most how many where there are more than 32,768 to look at. A local message that was
   * never copied, because it was filtered or skipped, counts as consumed where a later one is.
   *
   * What the brokers stored just before may not be readable yet: where the last word counts, await `dispatched` of both first.
   * @throws as `Translator.translate`
   */
  async translate(to: Queue, { queue, position, back, other }: TwoWayPosition): Promise<Translation> {
    const { active, other: reader, budget, signal } = this.#options;
    const there = new CopyReader({ reader: active, queue, source: back, budget, signal });
    const copies = new CopyReader({ reader, queue: to, source: position.source, budget, signal });
    const local = await localConsumed(there, position.offset ?? 0, back.generation);
    const found = await this.#boundaries.find(copies, to, position);
    const { min, max } = await copies.range();
    const from = Math.min(Math.max(other ?? min, min), max);
    const offset = await firstWaiting(copies, found, { from, local, end: max });
    const repeated = await countConsumed(copies, found, { from: offset, local, end: max });
    const kind = kindOfPosition(position, found);
    const isWaiting = offset < max && kind !== 'earliest';
    return {
      offset,
      kind: isWaiting ? 'exact' : kind,
      isFinal: false,
      repeated,
      requests: there.requests + copies.requests,
    };
  }
}

/** Local messages below `local` are consumed; what is looked for stands in `[from, end)`. */
interface Span {
  readonly from: number;
  readonly local: number;
  readonly end: number;
}

/** Up to where the group has consumed the other side's local messages, as copies on its active side: it has read these up to `until`. */
async function localConsumed(copies: CopyReader, until: number, generation: number): Promise<number> {
  const { min, max } = await copies.range();
  for (let high = Math.min(until, max), step = FIRST_STEP; high > min; step = Math.min(4 * step, LONGEST_STEP)) {
    const low = Math.max(min, high - step);
    const found = await copies.all(low, high);
    const newest = found.reduce((a: Copy | undefined, b) => (a && isBelow(b, a) ? a : b), undefined);
    if (newest) return newest.generation === generation ? newest.sourceOffset + 1 : 0;
    high = low;
  }
  return 0;
}

/** The first message that is not consumed: a copy from the boundary on, or a local one. */
async function firstWaiting(copies: CopyReader, { next }: GroupBoundary, { from, local, end }: Span): Promise<number> {
  const waiting = next?.offset ?? end;
  if (from < waiting) return await copies.firstOther(Math.min(Math.max(from, local), waiting), waiting);
  if (from >= local) return from;
  const until = Math.min(local, end);
  return (await copies.first(from, until)).copies[0]?.offset ?? until;
}

/** How many messages of the span are consumed, or at most how many. */
async function countConsumed(
  copies: CopyReader,
  { behind, key }: GroupBoundary,
  { from, local, end }: Span,
): Promise<number> {
  const last = Math.min(Math.max(behind, local), end);
  if (last - from > MOST_COUNTED) return last - from;
  const found = await copies.all(from, last);
  const consumed = found.filter((copy) => isBelow(copy, key)).length;
  const copiesBelow = found.filter(({ offset }) => offset < local).length;
  return consumed + Math.max(0, Math.min(local, last) - from - copiesBelow);
}
