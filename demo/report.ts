import type { DemoResult } from './run.ts';
import { thousands } from './text.ts';

/** For people: what the two logs show. */
export function reportText(result: DemoResult): string {
  const { produced, acknowledged, copied, lost, repeated, outOfOrder, changed } = result;
  const { rate, busiestSecond, latencyMs, standstillMs, ui, workflow } = result;
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
    [
      'standstill',
      `${known(standstillMs, (ms) => `${(ms / 1000).toFixed(1)} s`)} without a copy after the worker was killed`,
    ],
    ['Temporal UI', ui],
    ['this workflow', workflow],
  ];
  return rows.map(([what, value]) => `  ${what.padEnd(14)}${value}`).join('\n');
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
    ...[`status ${name}`, `pause ${name} --reason "maintenance"`, `resume ${name}`, `audit ${name}`].map(
      (command) => `  npx replicator ${command}`,
    ),
    '',
    'Ctrl-C here stops what the demo started.',
  ].join('\n');
}

function known<T>(value: T | undefined, text: (value: T) => string): string {
  return value === undefined ? 'not measured' : text(value);
}
