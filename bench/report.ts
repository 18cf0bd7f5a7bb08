import { cpus, loadavg, totalmem } from 'node:os';
import type { Round } from './measure.ts';

const MIB = 1024 * 1024;

/** The ratio that the project promises, and the most memory that a pump may take. */
export const GOAL_RATIO = 0.8;
export const GOAL_RSS = 300 * MIB;

export interface LargeMessages {
  readonly size: number;
  readonly round: Round;
}

export interface BenchResult {
  readonly machine: ReturnType<typeof machine>;
  readonly size: number;
  readonly rounds: readonly Round[];
  readonly median: Round;
  readonly large: readonly LargeMessages[];
}

export function machine() {
  const processors = cpus();
  return {
    processors: processors.length,
    model: processors[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
    /** Of the last minute, before the first round. */
    load: Math.round(loadavg()[0]! * 10) / 10,
  };
}

export function machineText({ processors, model, memoryGiB, node, load }: ReturnType<typeof machine>): string {
  return `${processors} processors (${model}), ${memoryGiB} GiB, Node ${node}, load ${load} before the start; brokers on the same machine`;
}

/** Each figure's median by itself. */
export function medianOf(rounds: readonly Round[]): Round {
  const median = (value: (round: Round) => number): number => {
    const sorted = rounds.map(value).sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  };
  return {
    messages: median(({ messages }) => messages),
    pull: median(({ pull }) => pull),
    send: median(({ send }) => send),
    pump: median(({ pump }) => pump),
    ratio: median(({ ratio }) => ratio),
    pumpBatch: median(({ pumpBatch }) => pumpBatch),
    startMs: median(({ startMs }) => startMs),
    peakRss: Math.max(...rounds.map(({ peakRss }) => peakRss)),
  };
}

const HEAD =
  'round       raw pull               raw send               pump                   ratio   batch    start\n' +
  '              msg/s     MiB/s        msg/s     MiB/s        msg/s     MiB/s             messages       ms';

export function tableHead(): string {
  return HEAD;
}

export function tableRow(name: string, round: Round, size: number): string {
  const rate = (value: number) =>
    `${Math.round(value).toLocaleString('en-US').padStart(11)}${((value * size) / MIB).toFixed(1).padStart(10)}  `;
  const { pull, send, pump, ratio, pumpBatch, startMs } = round;
  return `${name.padEnd(8)}${rate(pull)}${rate(send)}${rate(pump)}${ratio.toFixed(2).padStart(8)}${pumpBatch.toFixed(0).padStart(8)}${startMs.toFixed(0).padStart(9)}`;
}

export function summary({ median, large, size }: BenchResult): string {
  const memory = (round: Round) => `${Math.ceil(round.peakRss / MIB)} MiB`;
  const most = Math.max(median.peakRss, ...large.map(({ round }) => round.peakRss));
  return [
    'rates: from the first answer on; what is sent counts when it can be read. start: until the first batch is acknowledged',
    `ratio: the pump against the slower of raw pull and raw send, median ${median.ratio.toFixed(2)}, ` +
      `goal ${GOAL_RATIO.toFixed(2)}: ${median.ratio >= GOAL_RATIO ? 'reached' : 'MISSED'}`,
    "memory: the largest resident set of the pump's process (without Temporal's SDK)",
    ...[{ size, round: median }, ...large].map(
      ({ size: bytes, round }) =>
        `  ${bytes.toLocaleString('en-US').padStart(9)} bytes a message: ${memory(round)}, at ${Math.round(round.pump).toLocaleString('en-US')} msg/s`,
    ),
    `  goal ${GOAL_RSS / MIB} MiB: ${most < GOAL_RSS ? 'reached' : 'MISSED'}`,
  ].join('\n');
}
