import type { CommonOptions } from './options.ts';

/** Prints an answer: the value as JSON with `--json`, else the text. */
export function print(options: CommonOptions, value: unknown, text: string): void {
  process.stdout.write(`${options.json ? JSON.stringify(value, null, 2) : text}\n`);
}

/** Something that people should know and programs need not: goes to stderr. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Columns of equal width, two spaces apart; columns of numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? grouped(cell) : cell)))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const numeric = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** 1234567 -> 1,234,567 */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
