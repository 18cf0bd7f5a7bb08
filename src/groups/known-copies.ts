import { isBelow, MESSAGES_A_PULL, type Copy, type CopyKey, type CopyReader } from '../pump/copies.ts';
import { findBoundary, type Boundary, type Bounds } from '../pump/find-copy.ts';

/** Groups that stand close together share them. */
const REMEMBERED = 64;

/** Copies of one source queue in one destination queue, of which is known where they stand, and that none of them is late. */
export class KnownCopies {
  /** Those used last come last. */
  #copies: readonly Copy[] = [];
  /** Between this copy and this offset there is none. */
  #gap: Gap | undefined;

  /** As `findBoundary`, in the whole queue. After an error nothing that was known counts any more. @throws as `CopyReader` */
  async find(copies: CopyReader, key: CopyKey): Promise<Boundary> {
    const [known, gap] = [this.#copies, this.#gap];
    this.#copies = [];
    this.#gap = undefined;
    const bounds = await startBounds(copies, key, known, gap);
    const found = await findBoundary(copies, key, bounds);
    const { before, next, behind } = found;
    // behind a copy that is not the last one stand late ones
    if (before && !next && behind === before.offset + 1) this.#gap = { copy: before, until: bounds.high };
    else if (bounds.before) this.#gap = gap;
    const used = [before, next].filter((copy) => copy !== undefined);
    const others = (bounds.before ? known : []).filter(({ offset }) => used.every((copy) => copy.offset !== offset));
    this.#copies = [...others, ...used].slice(-REMEMBERED);
    return found;
  }
}

interface Gap {
  readonly copy: Copy;
  readonly until: number;
}

async function startBounds(
  copies: CopyReader,
  key: CopyKey,
  known: readonly Copy[],
  gap: Gap | undefined,
): Promise<Bounds> {
  const lower = known.filter((copy) => isBelow(copy, key)).reduce(higher, undefined);
  const bounds = lower && (await onwards(copies, key, lower));
  if (bounds && !bounds.next && bounds.before?.offset === gap?.copy.offset)
    return { ...bounds, low: Math.max(bounds.low, gap?.until ?? 0), high: Math.max(bounds.high, gap?.until ?? 0) };
  if (bounds) {
    if (bounds.next) return bounds;
    const next = known.filter((copy) => !isBelow(copy, key)).reduce(lowest, undefined);
    return next && next.offset >= bounds.low ? { ...bounds, high: next.offset, next } : bounds;
  }
  const { min, max } = await copies.range();
  return { low: min, high: max };
}

/**
 * Goes on from a copy that is known to be below the key. What follows it in order, message for message, is not late either.
 * `undefined` where the copy is gone.
 */
async function onwards(copies: CopyReader, key: CopyKey, lower: Copy): Promise<Bounds | undefined> {
  const isNear = key.generation === lower.generation && key.sourceOffset - lower.sourceOffset < MESSAGES_A_PULL;
  const { copies: found, next: behind } = await copies.read(
    lower.offset,
    lower.offset + (isNear ? MESSAGES_A_PULL : 1),
  );
  const [first, ...row] = found;
  if (first?.offset !== lower.offset || isBelow(first, lower) || isBelow(lower, first)) return undefined;
  let before = lower;
  for (const copy of row) {
    if (!isBelow(copy, key)) return { low: copy.offset, high: copy.offset, before, next: copy };
    if (!isBelow(before, copy)) return { low: before.offset + 1, high: copies.end, before };
    before = copy;
  }
  return { low: behind, high: Math.max(behind, copies.end), before };
}

function higher(a: Copy | undefined, b: Copy): Copy {
  return a && isBelow(b, a) ? a : b;
}

function lowest(a: Copy | undefined, b: Copy): Copy {
  return a && isBelow(a, b) ? a : b;
}
