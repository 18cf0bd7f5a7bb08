import { isBelow, type Copy, type CopyReader } from '../pump/copies.ts';

const FIRST_STEP = 32;
const LONGEST_STEP = 65_536;
const REMEMBERED = 64;

/** Messages from `from` to `until` (exclusive) that are all alike; the one right before them is not, or is gone. */
interface Row {
  readonly from: number;
  readonly until: number;
}

/** Where copies of one source queue stand among the messages of another queue. What was read once is not read again. */
export class CopiedBack {
  /** None of them is a copy. */
  #gaps: readonly Row[] = [];
  /** Each of them is a copy. */
  #rows: readonly Row[] = [];

  /** The newest copy below `until`; `undefined` where there is none. @throws as `CopyReader` */
  async newestBelow(copies: CopyReader, until: number): Promise<Copy | undefined> {
    const { min, max } = await this.#range(copies);
    const top = Math.min(until, max);
    let high = top;
    for (let step = FIRST_STEP; high > min; step = longer(step)) {
      high = startOf(this.#gaps, high);
      const low = Math.max(min, high - step);
      const found = await copies.all(low, high);
      const last = found.at(-1);
      if (last) {
        this.#gaps = withRow(this.#gaps, { from: last.offset + 1, until: top });
        return found.reduce((a, b) => (isBelow(b, a) ? a : b));
      }
      high = low;
    }
    this.#gaps = withRow(this.#gaps, { from: high, until: top });
    return undefined;
  }

  /** From where on each message up to `until` is a copy; `until` where the queue ends before it. @throws as `CopyReader` */
  async rowBefore(copies: CopyReader, until: number): Promise<number> {
    const { min, max } = await this.#range(copies);
    if (until > max) return until;
    let from = until;
    for (let step = FIRST_STEP; from > min; step = longer(step)) {
      const known = startOf(this.#rows, from);
      if (known < from) {
        from = known;
        break;
      }
      const low = Math.max(min, from - step);
      for (const { offset } of (await copies.all(low, from)).toReversed()) if (offset === from - 1) from = offset;
      if (from > low) break;
    }
    this.#rows = withRow(this.#rows, { from, until });
    return from;
  }

  async #range(copies: CopyReader) {
    const range = await copies.range();
    // the queue was created anew
    if ([...this.#gaps, ...this.#rows].some((row) => row.until > range.max)) this.#gaps = this.#rows = [];
    return range;
  }
}

function longer(step: number): number {
  return Math.min(4 * step, LONGEST_STEP);
}

function startOf(rows: readonly Row[], until: number): number {
  return rows.find((row) => row.from < until && until <= row.until)?.from ?? until;
}

/** Those used last come last. */
function withRow(rows: readonly Row[], row: Row): readonly Row[] {
  if (row.from >= row.until) return rows;
  return [...rows.filter(({ from, until }) => from < row.from || until > row.until), row].slice(-REMEMBERED);
}
