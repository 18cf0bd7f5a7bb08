import type { ByteBudget } from '../pump/byte-budget.ts';
import { CopyReader, isBelow } from '../pump/copies.ts';
import { PROPERTY_REDRIVEN } from '../replication/names.ts';
import { placeText, type CopySource } from '../replication/provenance.ts';
import { queueKey, type Queue, type QueueReader } from '../transport/types.ts';
import { CopiedBack } from './copied-back.ts';
import { CopyRows } from './copy-rows.ts';
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

/** More copies are not read one by one for one answer: then it is as far as they were read, and the next one goes on there. */
const MOST_READ = 131_072;
/** More messages are not read one by one to tell how many of them will be seen twice. */
const MOST_COUNTED = 32_768;

/** The copies of one source queue in the queue that is translated to, and where those end that are consumed. */
interface Lane {
  readonly copies: CopyReader;
  /** Copies that came out of the quarantine: they stand in no order, and nothing of them is ever copied back. */
  readonly redriven: CopyReader;
  readonly rows: CopyRows;
  readonly found: GroupBoundary;
}

/** The first message of the other side that is not consumed, and below which offset local ones are consumed, as far as that had to be known. */
interface Place {
  readonly offset: number;
  readonly local: number;
  /** There was more to read. */
  readonly isPartial: boolean;
}

/**
 * Translates where both sides have producers (R10): a queue holds copies and local messages, and the group has consumed some of the
 * local ones as copies on its active side.
 */
export class TwoWayTranslator {
  readonly #options: TwoWayOptions;
  readonly #boundaries = new GroupBoundaries();
  /** By source and destination queue. */
  readonly #rows = new Map<string, CopyRows>();
  readonly #copiedBack = new Map<string, CopiedBack>();

  constructor(options: TwoWayOptions) {
    this.#options = options;
  }

  /**
   * The largest offset of `to` before which the group has consumed everything, on either side. What stands behind it and was consumed will be
   * seen twice: `repeated` says how many messages, or at most how many where there are more than 32,768 to look at. A local message that was
   * never copied, because it was filtered or skipped, counts as consumed where a later one is. So for any `other` from the one given up to the
   * answer the answer is the same.
   *
   * Behind a long row of consumed copies the answer may come in several parts: each goes on from `other`, and is not final before the last one.
   * What the other side's broker stored just before may not be readable yet: where the last word counts, await `dispatched` first.
   * @throws as `Translator.translate`
   */
  async translate(to: Queue, { positions, back, other }: TwoWayStanding): Promise<Translation> {
    const { active, other: reader, budget, signal } = this.#options;
    const there = back && new CopyReader({ reader: active, ...back, budget, signal });
    const lanes: Lane[] = [];
    for (const position of positions) {
      const place = { reader, queue: to, source: position.source, budget, signal };
      const [copies, redriven] = [new CopyReader(place), new CopyReader(place, PROPERTY_REDRIVEN)];
      const found = await this.#boundaries.find(copies, to, position);
      lanes.push({ copies, redriven, found, rows: remembered(this.#rows, position.source, to, () => new CopyRows()) });
    }
    const { min, max } = await lanes[0]!.copies.range();
    const from = Math.min(Math.max(other ?? min, min), max);
    const inOrder = positions.length === 1 && isSameQueue(positions[0]!.source, back?.queue);
    const memory = back && remembered(this.#copiedBack, back.source, back.queue, () => new CopiedBack());
    const place = await firstWaiting(lanes, { from, end: max, inOrder }, async () => {
      const newest = there && (await memory?.newestBelow(there, back.offset ?? 0));
      // evidence never crosses generations (R8)
      return newest?.generation === back?.source.generation ? (newest?.sourceOffset ?? -1) + 1 : 0;
    });
    const own = await Promise.all(
      positions.map(async (position, index) => {
        const isTold = lanes[index]!.found.next ?? isCopiedTo(position, lanes[index]!.found);
        if (isTold || !there || !memory || !position.offset || !isSameQueue(position.source, back.queue))
          return position;
        // what was copied from there need not come back
        return { ...position, offset: await memory.rowBefore(there, position.offset) };
      }),
    );
    const kind = kindOf(own.map((position, index) => kindOfPosition(position, lanes[index]!.found)));
    const isCopied = own.every(
      (position, index) =>
        lanes[index]!.found.next ?? (position.offset === 0 || isCopiedTo(position, lanes[index]!.found)),
    );
    return {
      offset: place.offset,
      kind: kind === 'end' && place.offset < max ? 'exact' : kind,
      isFinal: isCopied && !place.isPartial,
      repeated: await countConsumed(lanes, place, { end: max, inOrder }),
      requests: [there, ...lanes.flatMap(({ copies, redriven }) => [copies, redriven])].reduce(
        (sum, reading) => sum + (reading?.requests ?? 0),
        0,
      ),
    };
  }
}

function remembered<T>(known: Map<string, T>, source: CopySource, queue: Queue, create: () => T): T {
  const name = `${placeText({ source, offset: 0 })} ${queueKey(queue)}`;
  const memory = known.get(name) ?? create();
  known.set(name, memory);
  return memory;
}

function isSameQueue({ topic, broker, queue }: CopySource, other: Queue | undefined): boolean {
  return topic === other?.topic && broker === other.broker && queue === other.id;
}

/** What is looked for stands in `[from, end)`. */
interface Span {
  readonly from: number;
  readonly end: number;
  /**
   * What is copied here, and where copies go back to, is one and the same queue. Then no local message behind a copy that waits is
   * consumed: its own copy stands behind the message that waits there.
   */
  readonly inOrder: boolean;
}

/** @param localOf below which offset local messages are consumed; asked only where it counts, because it may take long */
async function firstWaiting(
  lanes: readonly Lane[],
  { from, end, inOrder }: Span,
  localOf: () => Promise<number>,
): Promise<Place> {
  const first = await firstOther(lanes, from, end);
  const isCopy = inOrder && first.offset >= (lanes[0]!.found.next?.offset ?? end);
  if (first.isPartial || isCopy || first.offset === end) return { ...first, local: 0 };
  const local = await localOf();
  const until = Math.min(local, end);
  if (first.offset >= until) return { ...first, local };
  const waiting = lanes.map((lane) => firstCopyWaiting(lane, first.offset, until));
  // in order, what is redriven and waits stands behind all that is consumed
  const redriven = inOrder ? [] : lanes.map((lane) => firstRedrivenWaiting(lane, first.offset, until));
  const offset = Math.min(...(await Promise.all([...waiting, ...redriven])));
  return { ...(offset < until ? { offset, isPartial: false } : await firstOther(lanes, until, end)), local };
}

/** Behind the boundary each copy waits, also what was sent late. */
async function firstCopyWaiting({ copies, found: { next } }: Lane, from: number, until: number): Promise<number> {
  const waiting = next?.offset ?? until;
  if (from <= waiting) return waiting;
  return (await copies.first(from, until)).copies[0]?.offset ?? until;
}

async function firstRedrivenWaiting({ redriven, found: { key } }: Lane, from: number, until: number): Promise<number> {
  return (await redriven.all(from, until)).find((copy) => !isBelow(copy, key))?.offset ?? until;
}

/** The first message from `from` on that is no consumed copy. */
async function firstOther(lanes: readonly Lane[], from: number, end: number): Promise<Omit<Place, 'local'>> {
  const most = Math.min(end, from + MOST_READ);
  let next = from;
  for (let before = -1; before < next;) {
    before = next;
    for (const { copies, rows, found } of lanes) {
      const waiting = Math.min(found.next?.offset ?? end, most);
      if (next < waiting) next = await rows.endOf(copies, next, waiting);
    }
    if (next < most && (await isRedriven(lanes, next))) next++;
    else if (lanes.length === 1) break;
  }
  return { offset: next, isPartial: next === most && most < end };
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

/** How many messages from the place on are consumed, or at most how many. */
async function countConsumed(
  lanes: readonly Lane[],
  { offset: from, local, isPartial }: Place,
  { end, inOrder }: Omit<Span, 'from'>,
): Promise<number> {
  const behind = Math.max(...lanes.map(({ found }) => (found.before ? found.behind : 0)));
  const last = Math.min(Math.max(behind, local), end);
  if (last <= from) return 0;
  if (isPartial || last - from > MOST_COUNTED) return last - from;
  let consumed = Math.max(0, Math.min(local, last) - from);
  for (const { copies, redriven, found } of lanes) {
    for (const copy of await copies.all(from, last)) {
      if (copy.offset < local) consumed--;
      if (isBelow(copy, found.key)) consumed++;
    }
    if (inOrder || local <= from) continue;
    const waiting = (await redriven.all(from, Math.min(local, last))).filter((copy) => !isBelow(copy, found.key));
    consumed -= waiting.length;
  }
  return consumed;
}
