import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import type { TestMessage } from '../support/messages.ts';
import { startBroker, useStack, type PrivateCluster } from '../support/servers.ts';
import { cli } from '../support/cli.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const MIB = 1024 * 1024;
/** A broker looks for files to remove 60 s after its start, and then every 10 s. */
const RETENTION_LIMIT_MS = 150_000;

const stack = useStack();
let origin: PrivateCluster;
let worker: WorkerProcess;
let live: LiveReplication;
let config: string;

beforeAll(async () => {
  origin = await startBroker({ name: 'origin', brokerSettings: { mappedFileSizeCommitLog: MIB } });
  config = join(origin.broker.folder, 'replicator.yaml');
  const west = stack.west.nameServers.join(', ');
  await writeFile(
    config,
    `clusters:
  origin: { kind: apache, nameServers: [${origin.nameServers.join(', ')}] }
  west: { kind: apache, nameServers: [${west}] }
`,
  );
  worker = await WorkerProcess.start(stack, config);
  live = await LiveReplication.create(stack, origin, stack.west);
}, 120_000);

afterAll(async () => {
  await live.close();
  await worker.stop();
  await origin.remove();
});

describe('R8: what retention removed before it was copied', () => {
  it(
    'blocks its queue, which says what is missing; the rest goes on; skip-gap resolves it',
    async () => {
      await live.produce(messages(0, 40));
      await live.start();
      await live.reaches(40, 60_000);
      expect(await replicator('pause', live.name)).toMatchObject({ done: true });

      // Only queue 0 gets messages that fill several files of the commit log, and these files are removed.
      await live.produceTo([live.queues[0]!], messages(100, 40, 100_000));
      await removeOldest();
      expect(await replicator('resume', live.name)).toMatchObject({ done: true });

      const [blocked] = await eventually(60_000, async () => {
        const { blocked } = await live.status();
        return blocked.length > 0 && blocked;
      });
      const { min } = await live.sourceRange(0);
      expect(blocked).toMatchObject({ topic: live.topic, queue: 0, kind: 'gap', at: 10, to: min });
      expect(blocked!.reason).toContain(`source offsets 10 to ${min - 1}`);
      expect(await live.status()).toMatchObject({ state: 'RUNNING', health: 'BLOCKED' });

      await live.produceTo(live.queues.slice(1), messages(200, 30));
      await live.reaches(40 + 30, 60_000);
      expect((await live.status()).blocked).toHaveLength(1);

      const answer = await replicator('skip-gap', live.name, '--topic', live.topic, '--queue', '0', '--by', 'tester');
      expect(answer).toMatchObject({ done: true });
      await live.reaches(40 + 30 + (50 - min), 60_000);
      await eventually(60_000, async () => (await live.status()).health === 'RUNNING');
      // The oracle sees what the source still has; of what it has lost, exactly the missing messages are not on the destination.
      expect(await live.verdict()).toMatchObject({ copied: 40 + 30 + (50 - min), lost: 0, repeated: 0, outOfOrder: 0 });
    },
    RETENTION_LIMIT_MS + 120_000,
  );
});

async function replicator(...args: string[]): Promise<unknown> {
  const { stdout } = await cli([...args, '--config', config, '--json'], { TEMPORAL_ADDRESS: stack.temporal.address });
  return JSON.parse(stdout);
}

/** What a broker's retention does, without the days that it takes: the oldest files of the commit log go. */
async function removeOldest(): Promise<void> {
  await origin.broker.kill();
  const folder = join(origin.broker.folder, 'store', 'commitlog');
  const files = (await readdir(folder)).sort();
  for (const file of files.slice(0, -2)) await rm(join(folder, file));
  await origin.broker.start();
  await eventually(RETENTION_LIMIT_MS, async () => (await live.sourceRange(0)).min > 10);
}

function* messages(first: number, count: number, bytes = 10): Generator<TestMessage> {
  for (let seq = first; seq < first + count; seq++)
    yield { flag: 0, sysFlag: 0, body: Buffer.alloc(bytes, seq), properties: [['SEQ', String(seq)]] };
}
