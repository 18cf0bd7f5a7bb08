import { parseArgs } from 'node:util';
import { DemoFailed } from './failure.ts';

export interface DemoOptions {
  /** How long orders are produced. */
  readonly seconds: number;
  /** Orders a second. */
  readonly rate: number;
  /** Finish by itself and stop what was started; otherwise stack, worker and replication stay until Ctrl-C. */
  readonly exit: boolean;
  /** One JSON line last, on stdout; everything for people goes to stderr. Implies `exit`. */
  readonly json: boolean;
}

const SHORTEST_SECONDS = 5;

export const USAGE = `npm run demo -- [--exit] [--json] [--seconds N] [--rate N]

  --exit       finish by itself and stop what was started (default: stay up until Ctrl-C)
  --json       one JSON line last; implies --exit
  --seconds N  how long orders are produced (default 20, at least ${SHORTEST_SECONDS})
  --rate N     orders a second (default 2000)`;

/** `undefined` when help was asked for. @throws DemoFailed */
export function readOptions(argv: readonly string[]): DemoOptions | undefined {
  const { help, exit, json, seconds, rate } = parse(argv);
  if (help) return undefined;
  return {
    seconds: wholeNumber('--seconds', seconds, SHORTEST_SECONDS, 3600),
    rate: wholeNumber('--rate', rate, 10, 100_000),
    exit: exit || json,
    json,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        exit: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        seconds: { type: 'string', default: '20' },
        rate: { type: 'string', default: '2000' },
      },
    }).values;
  } catch (error) {
    throw new DemoFailed(`${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new DemoFailed(`${name}: expected a whole number from ${least} to ${most}, found ${text}\n\n${USAGE}`);
}
