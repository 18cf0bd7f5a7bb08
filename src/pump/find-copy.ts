import { MOST_MESSAGES_A_BATCH } from './batch-builder.ts';
import { isBelow, MESSAGES_A_PULL, type Copy, type CopyKey, type CopyReader, type Stretch } from './copies.ts';

/** Where the copies below a key end in the destination queue, and those from it on begin. */
export interface Boundary {
  /** The highest copy below the key. */
  readonly before: Copy | undefined;
  /** Right behind the last copy below the key. Meaningless without `before`. */
  readonly behind: number;
  /** The first copy from the key on. */
  readonly next: Copy | undefined;
}

/** Where the boundary can be. */
export interface Bounds {
  /** First offset to look at. */
  readonly low: number;
  /** Exclusive. */
  readonly high: number;
  /** A copy below the key at `low - 1` or before it, behind which there is none up to `low`; it was no late one. */
  readonly before?: Copy | undefined;
  /** The first copy at `high` or behind it; from the key on. */
  readonly next?: Copy | undefined;
}

/**
 * Finds where the copies from `key` on begin: a binary search, because copies stand in the order of their keys (R1, R4), which
 * steps over everything else. Where copies lie close together it hits at once.
 *
 * One thing breaks the order: a batch that a frozen pump sent late repeats copies behind newer ones. A search that met it would take newer
 * copies before it for older ones, and whoever reads on from there would never see them. So what was found is looked at once more,
 * see `isLate`. @throws as `CopyReader`
 */
export async function findBoundary(copies: CopyReader, key: CopyKey, bounds: Bounds): Promise<Boundary> {
  let { before, next } = await search(copies, key, bounds);
  while (before && before !== bounds.before && (await isLate(copies, before, bounds))) {
    const from = Math.max(bounds.low, before.offset - MOST_MESSAGES_A_BATCH);
    const zone = await copies.all(from, before.offset + 1);
    const first = zone.findIndex((copy) => !isBelow(copy, key));
    if (first < 0) {
      const highest = [...(bounds.before ? [bounds.before] : []), ...zone].reduce((a, b) => (isBelow(a, b) ? b : a));
      return { before: highest, behind: before.offset + 1, next };
    }
    next = zone[first]!;
    before = zone[first - 1];
    if (!before) ({ before, next } = await search(copies, key, { ...bounds, high: next.offset, next }));
  }
  return { before, behind: before ? before.offset + 1 : 0, next };
}

interface Neighbours {
  before: Copy | undefined;
  next: Copy | undefined;
}

/**
 * The copies on both sides of the key, if all are in order. There is none between the two. Where long rows of others were only looked
 * into, and copies may be hidden among them, the part that is left is searched once more, stepping over such rows message for message.
 */
async function search(copies: CopyReader, key: CopyKey, bounds: Bounds, isThorough = false): Promise<Neighbours> {
  let { low, high, before, next } = bounds;
  let isPatchy = false;
  for (let step = 0; low < high; step++) {
    const from =
      high - low <= MESSAGES_A_PULL
        ? low
        : step % 2 === 0
          ? guess(key, low, high, { before, next })
          : middle(low, high);
    const sample = await sampleFrom(copies, from, high, isThorough);
    const around = neighbours(sample.copies, key);
    isPatchy ||= sample.isPatchy;
    next = around.next ?? next;
    before = around.before ?? before;
    if (around.before) low = around.next ? high : sample.next;
    else high = from;
  }
  if (!isPatchy || isNextTo(before, next)) return { before, next };
  const rest = { low: before ? before.offset + 1 : bounds.low, high: next?.offset ?? bounds.high, before, next };
  return await search(copies, key, rest, true);
}

function neighbours(row: readonly Copy[], key: CopyKey): Neighbours {
  const first = row.findIndex((copy) => !isBelow(copy, key));
  return first < 0 ? { before: row.at(-1), next: undefined } : { before: row[first - 1], next: row[first] };
}

/** No other copy can stand between them. */
function isNextTo(before: Copy | undefined, next: Copy | undefined): boolean {
  return before?.generation === next?.generation && before?.sourceOffset === (next?.sourceOffset ?? 0) - 1;
}

/**
 * A copy at `from` or not far behind it. Where a long row of others stands there either all of it is read, or its end is looked for
 * as copies are: then there may be some in it that were not seen (`isPatchy`).
 */
async function sampleFrom(
  copies: CopyReader,
  from: number,
  until: number,
  isThorough: boolean,
): Promise<Stretch & { readonly isPatchy: boolean }> {
  let sample = await copies.near(from, until);
  if (sample.copies.length > 0 || sample.next >= until) return { ...sample, isPatchy: false };
  if (isThorough) return { ...(await copies.first(sample.next, until)), isPatchy: false };
  let empty = sample.next;
  for (let distance = 2 * MESSAGES_A_PULL; sample.copies.length === 0 && from + distance < until; distance *= 2) {
    empty = sample.next;
    sample = await copies.near(Math.max(from + distance, empty), until);
  }
  for (let copy = sample.copies[0]; copy && copy.offset > empty; copy = sample.copies[0]) {
    const at = copy.offset - empty <= MESSAGES_A_PULL ? empty : middle(empty, copy.offset);
    const nearer = await copies.near(at, copy.offset);
    if (nearer.copies.length > 0) sample = nearer;
    else empty = nearer.next;
  }
  return { ...sample, isPatchy: true };
}

function middle(low: number, high: number): number {
  return Math.floor((low + high) / 2);
}

/** Where the copy before the key stands if copies lie as close together everywhere as between those that are known. */
function guess({ generation, sourceOffset }: CopyKey, low: number, high: number, { before, next }: Neighbours): number {
  const below = before?.generation === generation ? before : undefined;
  const above = next?.generation === generation ? next : undefined;
  const known = below ?? above;
  if (!known) return middle(low, high);
  const copies = below && above ? above.sourceOffset - below.sourceOffset : 1;
  const messages = below && above ? above.offset - below.offset : 1;
  const offset = known.offset + Math.floor(((sourceOffset - 1 - known.sourceOffset) * messages) / copies);
  return Math.min(Math.max(offset, low), high - 1);
}

/**
 * Whether a copy belongs to a batch that was sent late and repeats what stands before it. That batch is one unbroken row of at most
 * `MOST_MESSAGES_A_BATCH` copies; the same copies, in the same order, and higher ones stand before it. So at doubling distances before the copy
 * something is found that is not in order: either a higher copy, or one of the first row, which is higher than the one at half the distance.
 */
async function isLate(copies: CopyReader, { offset }: Copy, { low, before: known }: Bounds): Promise<boolean> {
  const end = offset + 1;
  let start = Math.max(low, end - MESSAGES_A_PULL);
  const reads: Promise<readonly Copy[]>[] = [copies.all(start, end)];
  for (let distance = 2 * MESSAGES_A_PULL; start > low && distance <= MOST_MESSAGES_A_BATCH; distance *= 2) {
    const from = Math.max(low, end - distance);
    reads.unshift(copies.near(from, Math.min(start, from + MESSAGES_A_PULL)).then((stretch) => stretch.copies));
    start = from;
  }
  const row = (await Promise.all(reads)).flat();
  return [...(known ? [known] : []), ...row].some((copy, index, all) => index > 0 && !isBelow(all[index - 1]!, copy));
}
