import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setBroker } from '../support/broker-settings.ts';
import { cli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import type { TestMessage } from '../support/messages.ts';
import { readCommitLog } from '../support/oracle/commit-log.ts';
import { startBroker, useStack, type PrivateCluster } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const NARROW = 64 * 1024;
const WIDE = 4 * 1024 * 1024;
/** Every eighth is too large for the destination. */
const MESSAGES = FULL ? 4000 : 400;
const LARGE = MESSAGES / 8;
const KILLS = FULL ? 10 : 1;

const stack = useStack();
let narrow: PrivateCluster;
let worker: WorkerProcess;
let live: LiveReplication;
let config: string;

beforeAll(async () => {
  narrow = await startBroker({ name: 'narrow' });
  config = join(narrow.broker.folder, 'replicator.yaml');
  await writeFile(
    config,
    `clusters:
  east: { kind: apache, nameServers: [${stack.east.nameServers.join(', ')}] }
  narrow: { kind: apache, nameServers: [${narrow.nameServers.join(', ')}] }
`,
  );
  worker = await WorkerProcess.start(stack, config);
}, 600_000);

afterAll(async () => {
  await worker.stop();
  await narrow.remove();
});

beforeEach(async () => {
  await setBroker(narrow.broker.address, { maxMessageSize: NARROW });
  live = await LiveReplication.create(stack, stack.east, narrow);
});

afterEach(async () => {
  await live.close();
});

describe('R9: a message that the destination refuses for good', () => {
  it('onPoison: block. It blocks its queue until the limit is raised and redrive tries again, or skip-gap passes over it', async () => {
    await live.produce(messages(16));
    await live.start();
    // the last message of queue 3 and the one eight before it are too large
    await live.reaches(12, 60_000);
    const blocked = await eventually(60_000, async () => (await live.status()).blocked[0]);
    expect(blocked).toMatchObject({ kind: 'poison', queue: 3, at: 1 });
    expect(blocked.reason).toMatch(/source offset 1 cannot be copied: .*maxMessageSize/);
    expect(await replicator('redrive', live.name, '--topic', live.topic)).toMatchObject({ done: true });
    await eventually(60_000, async () => (await live.status()).blocked.length === 1);

    const skip = ['skip-gap', live.name, '--topic', live.topic, '--queue', '3'];
    expect(await replicator(...skip)).toMatchObject({
      error: expect.stringContaining('2 for this message alone') as string,
    });
    expect(await replicator(...skip, '--to', '2')).toMatchObject({ done: true });
    await eventually(60_000, async () => (await live.status()).blocked[0]?.at === 3);
    await setBroker(narrow.broker.address, { maxMessageSize: WIDE });
    expect(await replicator('redrive', live.name, '--topic', live.topic)).toMatchObject({ done: true });
    await live.reaches(15, 60_000);
    const status = await eventually(60_000, async () => {
      const now = await live.status();
      return now.health === 'RUNNING' && now;
    });
    expect(status.counters).toMatchObject({ gapSkipped: 1, quarantined: 0 });
    expect(await live.verdict()).toMatchObject({ copied: 15, lost: 1, repeated: 0, outOfOrder: 0 });
  }, 240_000);

  it(
    'onPoison: quarantine. Killed workers neither lose nor repeat one, nor does a redrive whose worker is killed',
    async () => {
      await live.produce(messages(MESSAGES));
      await live.start({ onPoison: 'quarantine', rateLimit: { messagesPerSecond: MESSAGES / (KILLS * 10) } });
      for (let kill = 1; kill <= KILLS; kill++) {
        await live.reaches(Math.floor(((MESSAGES - LARGE) * (kill - 0.5)) / KILLS), 120_000);
        await worker.kill();
        worker = await WorkerProcess.start(stack, config);
      }
      await live.reaches(MESSAGES - LARGE, 180_000);
      await eventually(60_000, async () => (await places('REPL_QUARANTINED')).length >= LARGE);
      expect(new Set(await places('REPL_QUARANTINED')).size).toBe(LARGE);
      expect(await places('REPL_QUARANTINED')).toHaveLength(LARGE);
      const expected = { copied: MESSAGES - LARGE, lost: LARGE, repeated: 0, outOfOrder: 0, changed: 0 };
      expect(await live.verdict()).toMatchObject(expected);

      await setBroker(narrow.broker.address, { maxMessageSize: WIDE });
      const asked = replicator('redrive', live.name, '--topic', live.topic, '--by', 'kim');
      await eventually(60_000, async () => (await places('REPL_REDRIVE')).length >= LARGE / 4);
      await worker.kill();
      const seen = (await places('REPL_REDRIVE')).length;
      expect(seen, 'the worker was killed while redriving').toBeLessThan(2 * LARGE);
      worker = await WorkerProcess.start(stack, config);
      await asked;
      const redriven = `done: ${LARGE} redriven, 0 refused again, 0 missing`;
      await eventually(120_000, async () => (await audit()).some(({ result }) => result === redriven));
      const complete = { copied: MESSAGES, lost: 0, repeated: 0, outOfOrder: 0, changed: 0 };
      expect(await live.verdict()).toMatchObject(complete);
      expect(await replicator('redrive', live.name, '--topic', live.topic)).toMatchObject({
        done: true,
        redrive: { redriven: 0, refusedAgain: 0, missing: 0, more: false },
      });
      await live.produce(messages(4, MESSAGES));
      await live.reaches(MESSAGES + 4, 60_000);
      expect(await live.verdict()).toMatchObject({ ...complete, copied: MESSAGES + 4 });
      expect((await live.status()).counters.repeated).toBe(0);
    },
    300_000 + KILLS * 60_000,
  );
});

async function audit(): Promise<{ readonly result: string }[]> {
  return await (await live.handle()).query('audit');
}

async function replicator(...args: string[]): Promise<unknown> {
  const { stdout } = await cli([...args, '--config', config, '--json'], { TEMPORAL_ADDRESS: stack.temporal.address });
  return JSON.parse(stdout);
}

/** Of the entries with this property, for the topic under test. */
async function places(name: string): Promise<string[]> {
  const found: string[] = [];
  await readCommitLog(join(narrow.broker.folder, 'store'), 'REPLICATOR_QUARANTINE', ({ properties }) => {
    const place = new Map(properties).get(name);
    if (place?.includes(`:${live.topic}:`) === true) found.push(place);
  });
  return found;
}

function* messages(count: number, first = 0): Generator<TestMessage> {
  for (let seq = first; seq < first + count; seq++) {
    const body = Buffer.alloc(seq % 8 === 7 ? 80 * 1024 : 10, seq);
    yield { flag: 0, sysFlag: 0, body, properties: [['SEQ', String(seq)]] };
  }
}
