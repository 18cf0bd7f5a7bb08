import { isBelow, type Copy, type CopyReader } from '../pump/copies.ts';

const REMEMBERED = 64;

interface Row {
  readonly from: number;
  readonly last: Copy;
}

/** Rows of messages of which each is a copy of one source queue. Groups that follow one another do not read them again. */
export class CopyRows {
  /** Those used last come last. */
  #rows: readonly Row[] = [];

  /**
   * The first message from `from` on, before `until`, that is no copy; else `until`. One pull shows that what is remembered is still there.
   * After an error nothing that was known counts any more. @throws as `CopyReader`
   */
  async endOf(copies: CopyReader, from: number, until: number): Promise<number> {
    const rows = this.#rows;
    this.#rows = [];
    const holding = rows.filter((row) => row.from <= from && from <= row.last.offset);
    const known = holding.reduce((a: Row | undefined, b) => (a && b.last.offset <= a.last.offset ? a : b), undefined);
    const isThere = known !== undefined && (await isStillThere(copies, known.last));
    const next = isThere ? known.last.offset + 1 : from;
    const { end, last = isThere ? known.last : undefined } = await copies.row(next, until);
    const others = known && !isThere ? [] : rows.filter((row) => row !== known);
    this.#rows = last ? [...others, { from: isThere ? known.from : from, last }].slice(-REMEMBERED) : others;
    return Math.min(end, until);
  }
}

async function isStillThere(copies: CopyReader, known: Copy): Promise<boolean> {
  const { offset } = known;
  const [found] = (await copies.read(offset, offset + 1)).copies;
  return found?.offset === offset && !isBelow(found, known) && !isBelow(known, found);
}
