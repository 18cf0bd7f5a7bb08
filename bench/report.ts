import { cpus, loadavg, totalmem } from 'node:os';
import type { BrokerOptions } from './brokers.ts';
import { GOAL_FAR_RATE, type FarResult } from './far.ts';
import { GOAL_IDLE_CPU, GOAL_IDLE_RSS, type IdleResult } from './idle.ts';
import { GOAL_MS, GOAL_TIMES, type LatencyResult } from './latency.ts';
import type { Round } from './measure.ts';
import type { BacklogResult, LargeMessages } from './rounds.ts';

const MIB = 1024 * 1024;

/** The ratio that the project promises, and the most memory and CPU seconds (for a million messages) that a pump may take. */
const GOAL_RATIO = 0.8;
const GOAL_RSS = 300 * MIB;
const GOAL_CPU_SECONDS = 6;

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

export function brokersText({ largePulls }: BrokerOptions): string {
  const text = largePulls
    ? 'brokers give 1,024 messages or 1 MiB a pull, as docs/operations.md advises (--usual-pulls: as they come)'
    : 'brokers give 32 messages or 256 KiB a pull, as they come';
  return `starting brokers: ${text}`;
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
    pullBeside: median(({ pullBeside }) => pullBeside),
    sendBeside: median(({ sendBeside }) => sendBeside),
    ratio: median(({ ratio }) => ratio),
    ratioBeside: median(({ ratioBeside }) => ratioBeside),
    pumpBatch: median(({ pumpBatch }) => pumpBatch),
    pullBusy: median(({ pullBusy }) => pullBusy),
    sendBusy: median(({ sendBusy }) => sendBusy),
    pumpCpu: median(({ pumpCpu }) => pumpCpu),
    startMs: median(({ startMs }) => startMs),
    peakRss: Math.max(...rounds.map(({ peakRss }) => peakRss)),
  };
}

const HEAD =
  'round       raw pull               raw send               both at once           pump                   ratio to     batch     CPU    start\n' +
  '              msg/s     MiB/s        msg/s     MiB/s   pull msg/s  send msg/s      msg/s     MiB/s   alone    both  messages s/10^6       ms';

export function tableHead(): string {
  return HEAD;
}

export function tableRow(name: string, round: Round, size: number): string {
  const rate = (value: number) => `${whole(value).padStart(11)}${((value * size) / MIB).toFixed(1).padStart(10)}  `;
  const { pull, send, pullBeside, sendBeside, pump, ratio, ratioBeside, pumpBatch, pumpCpu, startMs } = round;
  return [
    `${name.padEnd(8)}${rate(pull)}${rate(send)}`,
    `${whole(pullBeside).padStart(11)}${whole(sendBeside).padStart(12)}${rate(pump)}`,
    `${ratio.toFixed(2).padStart(6)}${ratioBeside.toFixed(2).padStart(8)}`,
    `${pumpBatch.toFixed(0).padStart(10)}${pumpCpu.toFixed(1).padStart(8)}${startMs.toFixed(0).padStart(9)}`,
  ].join('');
}

/** Reading and sending cost CPU time, most of it the brokers': beyond this rate the processors cannot do both, whoever copies. Messages a second. */
function processorsAllow({ pullBusy, sendBusy }: Round): number {
  return (cpus().length * 1e6) / (pullBusy + sendBusy);
}

export function backlogSummary({ median }: BacklogResult): string {
  const most = processorsAllow(median);
  return [
    'rates: from the first answer on; what is sent counts when it can be read. start: until the first batch is acknowledged',
    `ratio: the pump against the slower of raw pull and raw send, median ${median.ratio.toFixed(2)}, ` +
      `goal ${GOAL_RATIO.toFixed(2)}: ${verdict(median.ratio >= GOAL_RATIO)}`,
    'both at once: one process reads and sends side by side, on the machine that the brokers share; the pump against the slower ' +
      `of them, median ${median.ratioBeside.toFixed(2)}`,
    `processors: reading a million takes ${median.pullBusy.toFixed(1)} CPU seconds of all processes together, sending them ` +
      `${median.sendBusy.toFixed(1)}: a copier without any work of its own comes to about ${whole(most)} msg/s here, ` +
      `${(most / Math.min(median.pull, median.send)).toFixed(2)} of the slower`,
    `CPU: seconds of the pump's process for a million messages, median ${median.pumpCpu.toFixed(1)}, ` +
      `goal ${GOAL_CPU_SECONDS}: ${verdict(median.pumpCpu <= GOAL_CPU_SECONDS)}`,
  ].join('\n');
}

export function largeSummary({ size, median }: BacklogResult, large: readonly LargeMessages[]): string {
  const most = Math.max(median.peakRss, ...large.map(({ round }) => round.peakRss));
  return [
    "memory: the largest resident set of the pump's process (without Temporal's SDK)",
    ...[{ size, round: median }, ...large].map(
      ({ size: bytes, round }) =>
        `  ${whole(bytes).padStart(9)} bytes a message: ${mib(round.peakRss)}, at ${whole(round.pump)} msg/s`,
    ),
    `  goal ${mib(GOAL_RSS)}: ${verdict(most < GOAL_RSS)}`,
  ].join('\n');
}

export function farSummary({ rate, roundTripMs, messages, batches, cpuSeconds, peakRss, startMs }: FarResult): string {
  return (
    `one queue, ${roundTripMs} ms of round trip: ${whole(rate)} msg/s of 1 KiB, batches of ${whole(messages / batches)}, ` +
    `${((cpuSeconds * 1e6) / messages).toFixed(1)} CPU seconds for a million, ${mib(peakRss)}, first batch after ${whole(startMs)} ms; ` +
    `goal ${whole(GOAL_FAR_RATE)} msg/s: ${verdict(rate >= GOAL_FAR_RATE)}`
  );
}

export function latencySummary({ messagesASecond, raw, pump }: LatencyResult): string {
  const holds = (value: number, by: number) => value <= Math.max(by * GOAL_TIMES, GOAL_MS);
  return [
    `${whole(messagesASecond)} msg/s, ms since the source's broker stored the message`,
    `  raw consumer has it:            p50 ${raw.p50}, p99 ${raw.p99}`,
    `  destination's broker stores it: p50 ${pump.p50}, p99 ${pump.p99}`,
    `  goal: at most ${GOAL_TIMES} times the raw consumer's, or ${GOAL_MS} ms: ${verdict(holds(pump.p50, raw.p50) && holds(pump.p99, raw.p99))}`,
  ].join('\n');
}

export function idleSummary({ queues, cpuShare, rss, peakRss, pulls, startMs }: IdleResult): string {
  return (
    `${whole(queues)} idle queues: ${(cpuShare * 100).toFixed(1)} % of a core, ${mib(rss)} (at most ${mib(peakRss)}), ` +
    `${whole(pulls)} pulls a second, all waited for after ${(startMs / 1000).toFixed(1)} s; ` +
    `goal ${GOAL_IDLE_CPU * 100} % and ${mib(GOAL_IDLE_RSS)}: ${verdict(cpuShare <= GOAL_IDLE_CPU && peakRss <= GOAL_IDLE_RSS)}`
  );
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / MIB)} MiB`;
}

function verdict(reached: boolean): string {
  return reached ? 'reached' : 'MISSED';
}
