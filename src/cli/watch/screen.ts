import type { ViewSize } from './view.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR = '\u001b[2J';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** Where a terminal's own size cannot be told. */
const USUAL: ViewSize = { rows: 24, columns: 80 };

/** A terminal that shows the newest lines in place; the last ones stay when it ends. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  #begun = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** The last column and the last row stay free, so that nothing wraps or scrolls. */
  get size(): ViewSize {
    const { rows, columns } = this.#out;
    return { rows: (rows || USUAL.rows) - 1, columns: (columns || USUAL.columns) - 1 };
  }

  show(lines: readonly string[]): void {
    const begin = this.#begun ? HOME : `${HIDE_CURSOR}${CLEAR}${HOME}`;
    this.#begun = true;
    this.#out.write(`${begin}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`);
  }

  end(): void {
    if (this.#begun) this.#out.write(SHOW_CURSOR);
  }
}
