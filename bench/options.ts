import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly rounds: number;
  /** Messages of a round's backlog, over all queues. */
  readonly messages: number;
  /** Body size. Bytes. */
  readonly size: number;
  /** One JSON document on stdout; everything for people goes to stderr. */
  readonly json: boolean;
}

export const USAGE = `npm run bench -- [--rounds N] [--messages N] [--size BYTES] [--json]

  --rounds N     counted rounds, after one to warm up (default 5)
  --messages N   messages a round (default 200000)
  --size BYTES   body size (default 1024)
  --json         one JSON document on stdout`;

/** `undefined` when help was asked for. @throws Error in words */
export function readOptions(argv: readonly string[]): BenchOptions | undefined {
  const { help, json, rounds, messages, size } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      messages: { type: 'string', default: '200000' },
      size: { type: 'string', default: '1024' },
    },
  }).values;
  if (help) return undefined;
  return {
    rounds: wholeNumber('--rounds', rounds, 1, 100),
    messages: wholeNumber('--messages', messages, 1000, 10_000_000),
    size: wholeNumber('--size', size, 1, 4_000_000),
    json,
  };
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`${name}: expected a whole number from ${least} to ${most}, found ${text}`);
}
