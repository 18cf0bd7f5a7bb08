import type { ByteBudget } from '../pump/byte-budget.ts';
import { CopyReader, isBelow, type Copy } from '../pump/copies.ts';
import { PROPERTY_REDRIVEN } from '../replication/names.ts';
import type { CopySource } from '../replication/provenance.ts';
import type { Queue, QueueReader } from '../transport/types.ts';
import { GroupBoundaries, type GroupBoundary, type GroupPosition } from './group-boundaries.ts';
import { isCopiedTo, kindOf, kindOfPosition, type Translation } from './translate.ts';

/** Where a group stands that consumes on one side of a two-way replication, and perhaps consumed on the other side before. */
export interface TwoWayStanding {
  /** In the queues of its active side that are copied to the queue that is translated to. */
  readonly positions: readonly GroupPosition[];
  /** Absent where nothing is copied back yet. */
  readonly back?: BackPosition | undefined;
  /** Next offset that the group reads in the queue that is translated to; `undefined` where it has none. */
  readonly other: number | undefined;
}

/** Where a group stands among what is copied back from the queue that is translated to. */
export interface BackPosition {
  /** On the active side. */
  readonly queue: Queue;
  /** The queue that is translated to: where those copies come from. */
  readonly source: CopySource;
  /** Next offset that the group reads in `queue`; `undefined` where it has none. */
  readonly offset: number | undefined;
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
   * never copied, because it was filtered or skipped, counts as consumed where a later one is. So for any `other` from the one given up to the
   * answer the answer is the same.
   *
   * What the other side's broker stored just before may not be readable yet: where the last word counts, await `dispatched` first.
   * @throws as `Translator.translate`
   */
  async translate(to: Queue, { positions, back, other }: TwoWayStanding): Promise<Translation> {
    const { active, other: reader, budget, signal } = this.#options;
    const there = back && new CopyReader({ reader: active, ...back, budget, signal });
    const consumed = there ? await consumedOfBack(there, back) : NOTHING;
    const places = positions.map(({ source }) => ({ reader, queue: to, source, budget, signal }));
    const copies = places.map((place) => new CopyReader(place));
    const redriven = places.map((place) => new CopyReader(place, PROPERTY_REDRIVEN));
    const found: GroupBoundary[] = [];
    for (const [index, position] of positions.entries())
      found.push(await this.#boundaries.find(copies[index]!, to, position));
    const { min, max } = await copies[0]!.range();
    const lanes = copies.map((reading, index): Lane => ({
      copies: reading,
      redriven: redriven[index]!,
      found: found[index]!,
    }));
    const from = Math.min(Math.max(other ?? min, min), max);
    const translated = await firstWaiting(lanes, { from, local: consumed.local, end: max });
    const repeated = await countConsumed(lanes, { from: translated, local: consumed.local, end: max });
    const own = positions.map((position) =>
      back?.offset !== undefined && isSameQueue(position.source, back.queue)
        ? { ...position, offset: consumed.own }
        : position,
    );
    const kind = kindOf(own.map((position, index) => kindOfPosition(position, found[index]!)));
    const isFinal = own.every(
      (position, index) => found[index]!.next ?? (position.offset === 0 || isCopiedTo(position, found[index]!)),
    );
    return {
      offset: translated,
      kind: kind === 'end' && translated < max ? 'exact' : kind,
      isFinal: isFinal && consumed.isFinal,
      repeated,
      requests: [there, ...copies, ...redriven].reduce((sum, reading) => sum + (reading?.requests ?? 0), 0),
    };
  }
}

/** The copies of one source queue, and where those end that are consumed. */
interface Lane {
  readonly copies: CopyReader;
  /** Copies that came out of the quarantine: they stand in no order, and nothing of them is ever copied back. */
  readonly redriven: CopyReader;
  readonly found: GroupBoundary;
}

/** Local messages below `local` are consumed; what is looked for stands in `[from, end)`. */
interface Span {
  readonly from: number;
  readonly local: number;
  readonly end: number;
}

interface ConsumedOfBack {
  /** The other side's local messages below this offset are consumed, as copies. */
  readonly local: number;
  /** On the active side: from here up to the group's place everything is copied from the other side, so that nothing of it has to come there. */
  readonly own: number;
  /** What is copied later does not change it. */
  readonly isFinal: boolean;
}

const NOTHING: ConsumedOfBack = { local: 0, own: 0, isFinal: true };

/** What the group has consumed of what is copied back, by the copies before its place. */
async function consumedOfBack(
  copies: CopyReader,
  { offset: until = 0, source }: BackPosition,
): Promise<ConsumedOfBack> {
  const { min, max } = await copies.range();
  const isFinal = until <= max;
  let own = until;
  for (let high = Math.min(until, max), step = FIRST_STEP; high > min; step = Math.min(4 * step, LONGEST_STEP)) {
    const low = Math.max(min, high - step);
    const found = await copies.all(low, high);
    for (const { offset } of found.toReversed()) if (offset === own - 1) own = offset;
    const newest = found.reduce((a: Copy | undefined, b) => (a && isBelow(b, a) ? a : b), undefined);
    // evidence never crosses generations (R8)
    if (newest) return { local: newest.generation === source.generation ? newest.sourceOffset + 1 : 0, own, isFinal };
    high = low;
  }
  return { local: 0, own, isFinal };
}

function isSameQueue({ topic, broker, queue }: CopySource, { topic: name, broker: at, id }: Queue): boolean {
  return topic === name && broker === at && queue === id;
}

/** The first message that is not consumed: a copy from its boundary on, or a local one. */
async function firstWaiting(lanes: readonly Lane[], { from, local, end }: Span): Promise<number> {
  const until = Math.min(local, end);
  if (from >= until) return await firstOther(lanes, from, end);
  const waiting = Math.min(...(await Promise.all(lanes.map((lane) => firstCopyWaiting(lane, from, until)))));
  return waiting < until ? waiting : await firstOther(lanes, until, end);
}

/** Behind the boundary each copy waits, also what was sent late. */
async function firstCopyWaiting({ copies, found: { next } }: Lane, from: number, until: number): Promise<number> {
  const waiting = next?.offset ?? until;
  if (from <= waiting) return waiting;
  return (await copies.first(from, until)).copies[0]?.offset ?? until;
}

/** The first message from `from` on that is no consumed copy. */
async function firstOther(lanes: readonly Lane[], from: number, end: number): Promise<number> {
  let next = from;
  for (let before = -1; before < next;) {
    before = next;
    for (const { copies, found } of lanes) {
      const waiting = found.next?.offset ?? end;
      if (next < waiting) next = await copies.firstOther(next, waiting);
    }
    if (next < end && (await isRedriven(lanes, next))) next++;
    else if (lanes.length === 1) break;
  }
  return next;
}

/** Whether what stands there is redriven, and consumed at its own place. */
async function isRedriven(lanes: readonly Lane[], at: number): Promise<boolean> {
  for (const { redriven, found } of lanes) {
    if (found.next?.offset === at) return false;
    const [copy] = (await redriven.read(at, at + 1)).copies;
    if (copy?.offset === at && isBelow(copy, found.key)) return true;
  }
  return false;
}

/** How many messages of the span are consumed, or at most how many. */
async function countConsumed(lanes: readonly Lane[], { from, local, end }: Span): Promise<number> {
  const behind = Math.max(...lanes.map(({ found }) => (found.before ? found.behind : 0)));
  const last = Math.min(Math.max(behind, local), end);
  if (last <= from) return 0;
  if (last - from > MOST_COUNTED) return last - from;
  let consumed = Math.max(0, Math.min(local, last) - from);
  for (const { copies, found } of lanes)
    for (const copy of await copies.all(from, last)) {
      if (copy.offset < local) consumed--;
      if (isBelow(copy, found.key)) consumed++;
    }
  return consumed;
}
