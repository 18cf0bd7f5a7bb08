import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { FlowSample } from '../../src/cli/watch/sample.ts';
import { CLI, cli } from '../support/cli.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { useStack } from '../support/servers.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const stack = useStack();
let folder: string;
let config: string;
let live: LiveReplication;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replicator-watch-'));
  config = join(folder, 'replicator.yaml');
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  live = await LiveReplication.create(stack);
  const cluster = (nameServers: readonly string[]) => ({ kind: 'apache', nameServers });
  const entry = { source: 'east', destination: 'west', topics: [live.topic] };
  await writeFile(
    config,
    stringify({
      clusters: {
        east: cluster(stack.east.nameServers),
        west: cluster(stack.west.nameServers),
        gone: cluster(['127.0.0.1:1']),
      },
      replications: { [live.name]: entry, lost: { ...entry, source: 'gone' } },
    }),
  );
});
afterEach(() => live.close());

function environment(): Record<string, string> {
  return { TEMPORAL_ADDRESS: stack.temporal.address, REPLICATOR_CONFIG: config };
}

/** The refreshes of `watch --json`, each as flows by name. */
async function watch(line: string): Promise<Map<string, FlowSample>[]> {
  const { code, stdout, stderr } = await cli(['watch', '--json', ...line.split(' ')], environment());
  expect([code, stderr]).toEqual([0, '']);
  return stdout
    .trim()
    .split('\n')
    .map((text) => {
      const { at, replications } = JSON.parse(text) as { at: string; replications: FlowSample[] };
      expect(Date.parse(at)).toBeGreaterThan(Date.now() - 60_000);
      return new Map(replications.map((flow) => [flow.name, flow]));
    });
}

function produce(count: number): Promise<number> {
  return live.produce(mixedMessages({ count, seed: 1, meanBytes: 100, large: 0, largestBytes: 1000 }));
}

it('without a worker: lag and age from RocketMQ; a cluster that cannot be reached shows in its row only', async () => {
  const began = Date.now();
  await produce(100);
  await live.start();
  const refreshes = await watch('--count 2 --interval 0.3');
  expect(refreshes).toHaveLength(2);
  expect(refreshes[0]!.get(live.name)).not.toHaveProperty('rate');
  const flow = refreshes[1]!.get(live.name)!;
  expect(flow).toMatchObject({
    health: 'NO WORKER',
    source: 'east',
    destination: 'west',
    lag: 100,
    rate: 0,
    blocked: 0,
  });
  expect(flow.queues.map(({ state, lag }) => [state, lag > 0])).toEqual(Array(4).fill(['waiting', true]));
  expect(flow.oldestMs).toBeGreaterThan(0);
  expect(flow.oldestMs).toBeLessThan(Date.now() - began + 1000);

  const lost = refreshes[1]!.get('lost')!;
  expect(lost).toMatchObject({ health: 'NOT RUNNING', queues: [] });
  expect(lost.troubles).toEqual([expect.stringMatching(/^lag unknown: .*127\.0\.0\.1:1/)]);
});

it('a name that nobody knows is an error', async () => {
  const { code, stderr } = await cli(['watch', 'nobody'], environment());
  expect([code, stderr]).toEqual([1, expect.stringContaining('there is no replication nobody')]);
});

it('follows a replication that copies until it has caught up, and ends with Ctrl-C', async () => {
  const worker = await WorkerProcess.start(stack, config);
  try {
    await produce(2000);
    await live.start({ rateLimit: { messagesPerSecond: 500 } });
    const child = spawn(process.execPath, [CLI, 'watch', live.name, '--interval', '0.2', '--json'], {
      env: { ...process.env, ...environment() },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const seen: FlowSample[] = [];
    let text = '';
    for await (const chunk of child.stdout) {
      text += String(chunk);
      const lines = text.split('\n');
      text = lines.pop()!;
      seen.push(...lines.map((line) => (JSON.parse(line) as { replications: [FlowSample] }).replications[0]));
      if (seen.at(-1)?.lag === 0 && child.exitCode === null) child.kill('SIGINT');
    }
    if (child.exitCode === null) await once(child, 'exit');
    expect([child.exitCode, child.signalCode]).toEqual([0, null]);
    expect(seen.some(({ rate = 0 }) => rate > 0)).toBe(true);
    expect(seen.at(-1)).toMatchObject({ health: 'RUNNING', lag: 0 });
    expect(seen.at(-1)!.queues.every(({ state }) => state === 'caught up')).toBe(true);
  } finally {
    await worker.stop();
  }
});
