import type { DemoResult } from './run.ts';
import { thousands } from './text.ts';

/** For people: what the two logs show, and what the application saw. */
export function reportText(result: DemoResult): string {
  const { produced, acknowledged, copied, lost, repeated, outOfOrder, changed } = result;
  const { rate, busiestSecond, latencyMs, standstillMs, ui, workflow } = result;
  const { consumed, consumedLost, consumedTwice, writePauseMs, readPauseMs, rtoMs } = result;
  const rows: [string, string][] = [
    ['produced', `${thousands(produced, 9)}   acknowledged ${thousands(acknowledged)}`],
    ['copied', thousands(copied, 9)],
    ['lost', thousands(lost, 9)],
    ['repeated', thousands(repeated, 9)],
    ['out of order', thousands(outOfOrder, 9)],
    ['changed', thousands(changed, 9)],
    [
      'rate',
      `${known(rate, (value) => `${thousands(value)}/s`)} in all; ${known(busiestSecond, thousands)} in the busiest second`,
    ],
    [
      'latency',
      `${known(latencyMs, ({ p50, p99 }) => `p50 ${p50} ms, p99 ${p99} ms`)} from stored on east to stored on west, before the kill`,
    ],
    ['standstill', `${known(standstillMs, seconds)} without a copy after the worker was killed`],
    ['consumed', `${thousands(consumed, 9)}   on east and then on west`],
    ['consumed lost', thousands(consumedLost, 9)],
    ['consumed twice', thousands(consumedTwice, 9)],
    ['write pause', `${seconds(writePauseMs)} in which nobody could produce`],
    ['read pause', `${seconds(readPauseMs)} in which nobody could consume`],
    ['RTO', `${seconds(rtoMs)} from the last order on east to the first one consumed on west`],
    ['Temporal UI', ui],
    ['this workflow', workflow],
  ];
  return rows.map(([what, value]) => `  ${what.padEnd(16)}${value}`).join('\n');
}

/** For programs. */
export function reportJson(result: DemoResult): object {
  return { ...result, operator: undefined };
}

/** What to try while everything still runs. */
export function nextSteps({ name, operator }: DemoResult): string {
  const { TEMPORAL_ADDRESS } = operator.environment;
  return [
    'Stack, worker and replication keep running. In another terminal:',
    '',
    `  export TEMPORAL_ADDRESS=${TEMPORAL_ADDRESS} REPLICATOR_CONFIG=${operator.config}`,
    ...[
      ...[`status ${name}`, `pause ${name} --reason "maintenance"`, `resume ${name}`, `audit ${name}`],
      ...[`groups ${name}`, `failover ${name} --dry-run`],
    ].map((command) => `  npx replicator ${command}`),
    '',
    'Ctrl-C here stops what the demo started.',
  ].join('\n');
}

function known<T>(value: T | undefined, text: (value: T) => string): string {
  return value === undefined ? 'not measured' : text(value);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
