const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

/**
 * The most bytes that a figure for people can stand for, such as `0 B` or `1.5 KiB` (one digit behind the point, rounded; MixAll.humanReadableByteCount).
 * `undefined` for anything else.
 */
export function mostBytes(figure: string): number | undefined {
  const [, digits, unit] = /^(\d+(?:[.,]\d)?) (\w+)$/.exec(figure) ?? [];
  const power = UNITS.indexOf(unit ?? '');
  if (digits === undefined || power < 0) return undefined;
  const value = Number(digits.replace(',', '.'));
  return power === 0 ? value : Math.ceil((value + 0.05) * 1024 ** power);
}
