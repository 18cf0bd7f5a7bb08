import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import type { ReplicationReport } from '../../src/cli/status/report.ts';
import { FAILOVER_WORKFLOW, failoverId } from '../../src/replication/failover/messages.ts';
import { openRemotingCluster } from '../../src/transport/remoting/cluster.ts';
import { cli, type CliResult } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { fakePeer, type FakePeer } from '../support/fake-peer.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { useStack } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

/** A clear error within seconds: every request gives up by itself, and nothing asks for long one after the other. */
const SECONDS = 25_000;

const stack = useStack();
let folder: string;
let config: string;
let live: LiveReplication;

/** Runs the command line against the stack. */
function run(line: string, environment: Record<string, string> = {}): Promise<CliResult> {
  return cli(line.split(' '), { TEMPORAL_ADDRESS: stack.temporal.address, REPLICATOR_CONFIG: config, ...environment });
}

async function json<T>(line: string): Promise<T> {
  const { stdout, stderr } = await run(`${line} --json`);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as T;
}

async function writeConfig(replications: object, clusters: object = {}): Promise<void> {
  const east = { kind: 'apache', nameServers: stack.east.nameServers };
  const west = { kind: 'apache', nameServers: stack.west.nameServers };
  await writeFile(config, stringify({ clusters: { east, west, ...clusters }, replications }));
}

function entry(change: object = {}): object {
  return { source: 'east', destination: 'west', topics: [live.topic], ...change };
}

function produce(count: number): Promise<number> {
  return live.produce(mixedMessages({ count, seed: 1, meanBytes: 100, large: 0, largestBytes: 1000 }));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replicator-cli-'));
  config = join(folder, 'replicator.yaml');
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  live = await LiveReplication.create(stack);
  await writeConfig({ [live.name]: entry() });
});
afterEach(() => live.close());

describe('without a worker', () => {
  it('start says so, status shows the lag all the same, audit reads the history', async () => {
    await produce(100);
    const started = await run(`start ${live.name}`);
    expect(started).toMatchObject({ code: 0, stdout: `replication ${live.name}: STARTING\n` });
    expect(started.stderr).toContain('no worker has taken it up yet; start one with: replicator worker');

    const report = await json<ReplicationReport>(`status ${live.name}`);
    expect(report).toMatchObject({ health: 'NO WORKER', lag: { messages: 100, topics: [{ queues: 4, lag: 100 }] } });
    const shown = await run(`status ${live.name}`);
    expect(shown.stdout).toContain('no worker answers');
    expect(shown.tookMs, 'it waits 3 s for a worker').toBeLessThan(10_000);

    await (await live.handle()).signal('pause', { by: 'ann', reason: 'to look' });
    const audit = await run(`audit ${live.name} --json`);
    expect(JSON.parse(audit.stdout)).toMatchObject({
      source: 'history',
      entries: [{ command: 'pause', by: 'ann', reason: 'to look' }],
    });
  });

  it('release is refused while the failover runs that holds it', async () => {
    const client = await live.client();
    const failover = { workflowId: failoverId(live.name), taskQueue: 'nobody', args: [{}] };
    const handle = await client.workflow.start(FAILOVER_WORKFLOW, failover);
    const answer = await run(`release ${live.name}`);
    expect([answer.code, answer.stderr]).toEqual([
      1,
      expect.stringMatching(
        `^error: failover/${live.name} runs, .* temporal workflow terminate -w failover/${live.name}, then release`,
      ),
    ]);
    await handle.terminate();
    expect((await run(`release ${live.name}`)).stderr).toContain(`replication ${live.name} does not run`);
  });

  it.runIf(FULL)('pause gives up and says what to do', async () => {
    await live.start();
    const answer = await run(`pause ${live.name}`);
    expect(answer.code).toBe(1);
    expect(answer.stderr).toMatch(
      /no worker answered pause for replication .* within 35 s\. Start one with replicator worker/,
    );
  });
});

describe('with a worker', () => {
  let worker: WorkerProcess;
  beforeAll(async () => {
    await writeConfig({});
    worker = await WorkerProcess.start(stack, config);
  });
  afterAll(() => worker.stop());

  it('start, pause, resume, stop, start again', async () => {
    const { name } = live;
    await produce(200);
    expect(await json(`start ${name}`)).toMatchObject({ name, workflowId: `replication/${name}`, state: 'RUNNING' });
    const again = await run(`start ${name}`);
    expect([again.code, again.stderr]).toEqual([
      1,
      `error: replication ${name} runs already; replicator status ${name} shows it\n`,
    ]);

    await live.reaches(200, 30_000);
    await eventually(30_000, async () => (await json<ReplicationReport>(`status ${name}`)).lag?.messages === 0);
    expect((await run('status')).stdout).toMatch(new RegExp(`^${name} +RUNNING +east +west`, 'm'));

    expect(await json(`pause ${name} --by ann --reason look`)).toEqual({ name, done: true, state: 'PAUSED' });
    await produce(50);
    expect((await json<ReplicationReport>(`status ${name}`)).lag?.messages).toBe(50);
    const queues = await run(`status ${name} --queues`);
    expect(queues.stdout).toMatch(new RegExp(`^${name} +east-a +3 +`, 'm'));

    expect((await run(`resume ${name}`)).stdout).toMatch(/: (STARTING|RUNNING)\n$/);
    await live.reaches(250, 30_000);
    const refused = await run(`skip-gap ${name} --topic ${live.topic} --queue 1`);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('is not blocked')]);

    expect(await json(`audit ${name}`)).toMatchObject({
      source: 'workflow',
      entries: [
        { command: 'pause', by: 'ann', reason: 'look', result: 'done' },
        { command: 'resume', result: 'done' },
        { command: 'skipGap', result: expect.stringContaining('not blocked') as string },
      ],
    });
    expect((await run(`stop ${name}`)).stdout).toBe(`replication ${name}: STOPPED\n`);
    expect((await json<ReplicationReport>(`status ${name}`)).health).toBe('STOPPED');
    expect(await json(`start ${name}`)).toMatchObject({ state: 'RUNNING' });
    await produce(50);
    await live.reaches(300, 30_000);
    expect(await live.copied()).toBe(300);
  });

  it('apply starts what does not run, changes what may change, and says what may not', async () => {
    const { name } = live;
    expect(await json('apply')).toMatchObject([{ name, result: 'started' }]);
    expect(await json(`apply -f ${config}`)).toMatchObject([{ name, result: 'unchanged' }]);
    await writeConfig({ [name]: entry({ parallelism: 2, onGap: 'skip' }) });
    expect(await json('apply')).toMatchObject([{ name, result: 'updated', updated: ['onGap', 'parallelism'] }]);
    expect((await live.status()).input).toMatchObject({ parallelism: 2, onGap: 'skip' });
    expect(await json('apply')).toMatchObject([{ name, result: 'unchanged' }]);
    await writeConfig({ [name]: entry({ parallelism: 3, onGap: 'skip', start: 'latest' }) });
    const changed = await json<{ text: string }[]>('apply');
    expect(changed).toMatchObject([{ name, result: 'changed', updated: ['parallelism'], fields: ['start'] }]);
    expect(changed[0]?.text).toContain(`start: cannot change while the replication runs`);
    expect(await json(`rescale ${name} --parallelism 4`)).toEqual({ name, done: true, state: 'RUNNING' });
    expect((await live.status()).shards).toHaveLength(4);
    await writeConfig({});
    expect(await json('apply')).toContainEqual(expect.objectContaining({ name, result: 'unnamed' }));
    expect((await live.status()).state).toBe('RUNNING');
  });

  it('R7: a second task on the same topic is not started; stop --retire cleans up, also behind what does not run', async () => {
    const { name } = live;
    expect(await json(`start ${name}`)).toMatchObject({ state: 'RUNNING' });
    await eventually(10_000, async () => (await run('status')).stdout.includes(name));
    await writeConfig({ [`${name}-too`]: entry() });
    for (const command of [`start ${name}-too`, 'apply']) {
      const { code, stderr } = await run(command);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`by a second way, beside ${name}; two tasks`)]);
    }
    await writeConfig({ [name]: entry() });
    expect((await run(`stop ${name} --retire`)).stdout).toBe(`replication ${name}: STOPPED\n`);
    for (let again = 0; again < 2; again++)
      expect((await run(`stop ${name} --retire`)).stdout).toBe(
        `replication ${name}: its consumer groups are removed\n`,
      );
    expect((await run(`stop ${name}-too --retire`)).stderr).toContain(`does not run, and ${config} does not name it`);
  });

  it('a wrong file starts nothing', async () => {
    await writeConfig({ [live.name]: entry(), wrong: entry({ source: 'eats' }) });
    for (const command of ['apply', `start ${live.name}`]) {
      const { code, stderr } = await run(command);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /replicator.yaml:\d+: replications.wrong.source: found "eats"; expected one of the clusters/,
      );
    }
    expect(await (await live.handle()).describe().catch((error: unknown) => error)).toMatchObject({
      name: 'WorkflowNotFoundError',
    });
  });

  it('a topic that is not there is reported by start, and nothing is created', async () => {
    const missing = `${live.topic}-missing`;
    await writeConfig({ [live.name]: entry({ topics: [live.topic, missing] }) });
    const started = await run(`start ${live.name}`);
    expect(started.code).toBe(1);
    expect(started.stderr).toContain(`was not started: topics[1]: topic ${missing} does not exist on east`);
    expect(started.tookMs).toBeLessThan(SECONDS);
    expect(await topicOnWest(live.topic)).toBeUndefined();
    expect(await json(`status ${live.name}`)).toMatchObject({
      health: 'FAILED',
      failure: expect.stringContaining(missing) as string,
    });
  });

  it('names that do not exist', async () => {
    expect((await run('start nobody')).stderr).toContain(`has no replication nobody; it has: ${live.name}`);
    for (const command of ['pause', 'audit'])
      expect((await run(`${command} nobody`)).stderr).toContain('replication nobody does not run in namespace default');
    expect((await run('status nobody')).stderr).toContain('there is no replication nobody');
  });

  it('doctor finds nothing wrong', async () => {
    const { code, stdout } = await run('doctor');
    expect(stdout).not.toMatch(/^(WARN|FAIL)/m);
    expect(stdout).toMatch(/^OK +cluster east +broker east-a at .*, V5_5_0; keeps messages for 72 h/m);
    expect(stdout).toMatch(/^OK +clocks +3 within a second/m);
    expect(stdout).toMatch(/cluster west, broker west-a allows reading, writing, locks and checkpoints/);
    expect(stdout).toMatch(/^OK +task queue replicator-pump +1 worker$/m);
    expect(stdout).toMatch(new RegExp(`topic ${live.topic}: 4 queues; will be created on cluster west at start`));
    expect(code).toBe(0);
  });

  it('a source broker that hangs: start says so, nothing is created; it goes on by itself', async () => {
    stack.east.broker.freeze();
    try {
      const doctor = await run('doctor');
      expect(doctor.stdout).toMatch(/^FAIL +cluster east +.*not? .*answer/m);
      expect([doctor.code, doctor.tookMs < SECONDS]).toEqual([1, true]);
      const started = await run(`start ${live.name}`);
      expect(started.stdout).toBe(`replication ${live.name}: STARTING\n`);
      expect(started.stderr).toContain('it is still starting');
      expect(started.stderr).toContain(stack.east.broker.address);
      expect(started.tookMs).toBeLessThan(SECONDS);
      expect(await topicOnWest(live.topic)).toBeUndefined();
      const status = await run(`status ${live.name}`);
      expect(status.stdout).toContain('lag unknown: ');
    } finally {
      stack.east.broker.thaw();
    }
    await eventually(60_000, async () => (await live.status()).state === 'RUNNING');
  });

  it('Temporal that hangs or is not there', async () => {
    stack.temporal.freeze();
    try {
      const { code, stderr, tookMs } = await run('status');
      expect([code, tookMs < SECONDS]).toEqual([1, true]);
      expect(stderr).toContain(`Temporal at ${stack.temporal.address}`);
    } finally {
      stack.temporal.thaw();
    }
    const nowhere = await run('status', { TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect([nowhere.code, nowhere.stderr]).toEqual([
      1,
      expect.stringContaining('cannot reach Temporal at 127.0.0.1:1'),
    ]);
    const namespace = await run('doctor', { TEMPORAL_NAMESPACE: 'nowhere' });
    expect([namespace.code, namespace.stdout]).toEqual([1, expect.stringMatching(/^FAIL +Temporal +.*nowhere/m)]);
  });
});

describe('doctor names every trouble', () => {
  let garbage: FakePeer;
  let silent: FakePeer;
  beforeAll(async () => {
    garbage = await fakePeer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    silent = await fakePeer(() => undefined);
  });
  afterAll(async () => {
    await Promise.all([garbage.close(), silent.close()]);
  });

  it('of clusters that are not what they should be', async () => {
    const cluster = (address: string) => ({ kind: 'apache', nameServers: [address] });
    await writeConfig(
      { [live.name]: entry({ topics: ['nowhere-to-be-found'] }) },
      {
        garbage: cluster(garbage.address),
        silent: cluster(silent.address),
        closed: cluster('127.0.0.1:1'),
        again: cluster(`localhost:${stack.west.nameServer.port}`),
      },
    );
    const { code, stdout, tookMs } = await run('doctor --json');
    const { healthy, findings } = JSON.parse(stdout) as { healthy: boolean; findings: Finding[] };
    expect([code, healthy, tookMs < SECONDS]).toEqual([1, false, true]);
    const failed = new Map(findings.filter(({ result }) => result === 'FAIL').map(({ about, text }) => [about, text]));
    expect([...failed.keys()].sort()).toEqual([
      'cluster closed',
      'cluster garbage',
      'cluster silent',
      'clusters west, again',
      `replication ${live.name}`,
    ]);
    expect(failed.get('cluster closed')).toContain('127.0.0.1:1');
    expect(failed.get('cluster garbage')).toContain(garbage.address);
    expect(failed.get('cluster silent')).toContain(silent.address);
    expect(failed.get(`replication ${live.name}`)).toContain('cluster east has no topic nowhere-to-be-found');
  });
});

async function topicOnWest(topic: string): Promise<unknown> {
  const west = openRemotingCluster({ name: 'west', nameServers: stack.west.nameServers });
  try {
    return await west.admin.topic(topic);
  } finally {
    west.close();
  }
}
