import { parseArgs } from 'node:util';

export const SCENARIOS = [
  'backlog',
  'small',
  'large',
  'old-source',
  'far-source',
  'far-destination',
  'latency',
  'idle',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface BenchOptions {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  /** Messages of a round's backlog, over all queues. */
  readonly messages: number;
  /** Body size of `backlog` and `old-source`. Bytes. */
  readonly size: number;
  /** Of `idle`. */
  readonly queues: number;
  /** Whether brokers give more at once than 32 messages or 256 KiB. */
  readonly largePulls: boolean;
  /** One JSON document on stdout; everything for people goes to stderr. */
  readonly json: boolean;
}

export const USAGE = `npm run bench -- [SCENARIO...] [--rounds N] [--messages N] [--size BYTES] [--queues N] [--json]

  backlog          one pump copies a backlog on 4 queues, beside a raw reader and a raw writer; its memory (default)
  small, large     the same with 100 B and with 16 KiB messages
  old-source       the same from a 4.4.0 broker
  far-source       one queue, 200 ms of round trip before the source's broker
  far-destination  one queue, 200 ms of round trip before the destination's broker
  latency          1,000 messages a second, beside a raw consumer
  idle             many queues without messages
  all              each of them

  --rounds N     counted rounds of a backlog, after one to warm up (default 5)
  --messages N   messages a round (default 200000)
  --size BYTES   body size of backlog and old-source (default 1024)
  --queues N     queues of idle (default 8000)
  --usual-pulls  brokers give 32 messages or 256 KiB at once, as they come, instead of 1,024 or 1 MiB
  --json         one JSON document on stdout`;

/** `undefined` when help was asked for. @throws Error in words */
export function readOptions(argv: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      json: { type: 'boolean', default: false },
      'usual-pulls': { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      messages: { type: 'string', default: '200000' },
      size: { type: 'string', default: '1024' },
      queues: { type: 'string', default: '8000' },
    },
  });
  const { help, json, rounds, messages, size, queues } = values;
  if (help) return undefined;
  return {
    scenarios: scenariosOf(positionals),
    rounds: wholeNumber('--rounds', rounds, 1, 100),
    messages: wholeNumber('--messages', messages, 1000, 10_000_000),
    size: wholeNumber('--size', size, 1, 4_000_000),
    queues: wholeNumber('--queues', queues, 1, 100_000),
    largePulls: !values['usual-pulls'],
    json,
  };
}

function scenariosOf(names: readonly string[]): readonly Scenario[] {
  if (names.length === 0) return ['backlog'];
  if (names.includes('all')) return SCENARIOS;
  const unknown = names.find((name) => !(SCENARIOS as readonly string[]).includes(name));
  if (unknown === undefined) return SCENARIOS.filter((scenario) => names.includes(scenario));
  throw new Error(`unknown scenario ${unknown}; expected ${SCENARIOS.join(', ')} or all`);
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new Error(`${name}: expected a whole number from ${least} to ${most}, found ${text}`);
}
