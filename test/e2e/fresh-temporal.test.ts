import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { FailoverResult } from '../../src/replication/failover/messages.ts';
import { useClusters, useSides } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { GroupedReplication } from '../support/grouped-replication.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages, smallMessages } from '../support/messages.ts';
import { comparedBothWays, onceBothWays } from '../support/oracle/both-ways.ts';
import { produce } from '../support/producer.ts';
import { useStack } from '../support/servers.ts';
import { FULL, SEED, SIZES } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

/** A dead pump's locks lapse 60 s after their last renewal; R6 allows 90 s in all. */
const LOCKS_WAITED_OUT_MS = 90_000;

const stack = useStack();
const clusters = useClusters(stack);
const sides = useSides(stack, clusters);
const { messages, meanBytes } = SIZES;
let worker: WorkerProcess;

beforeAll(async () => {
  worker = await WorkerProcess.start(stack);
});

afterAll(async () => {
  await worker.stop();
});

describe('R5: losing all of Temporal loses no position', () => {
  it.each<[string, 'goes on' | 'is killed']>([
    ['the worker lives through it', 'goes on'],
    // its locks lapse after a minute
    ...(FULL ? [['the worker dies as well', 'is killed'] as [string, 'is killed']] : []),
  ])(
    'when %s',
    async (_, fate) => {
      const live = await LiveReplication.create(stack);
      try {
        const mix = { count: messages, seed: SEED, meanBytes, large: 0, largestBytes: 0 };
        await live.produce(mixedMessages(mix));
        await live.start({ rateLimit: { messagesPerSecond: Math.ceil(messages / 10) } });
        await live.reaches(Math.floor(messages / 3), 60_000);
        if (fate === 'is killed') await worker.kill();
        await emptyTemporal();
        if (fate === 'is killed') worker = await WorkerProcess.start(stack);
        // `latest` would leave a gap if anything but the evidence in RocketMQ decided.
        await live.start({ start: 'latest' });
        await live.reaches(messages, LOCKS_WAITED_OUT_MS + 60_000);
        expect(await live.verdict()).toEqual({
          source: messages,
          copied: messages,
          lost: 0,
          repeated: 0,
          outOfOrder: 0,
          changed: 0,
        });
        expect(await live.status()).toMatchObject({ state: 'RUNNING', health: 'RUNNING' });
      } finally {
        await live.close();
      }
    },
    300_000,
  );
});

test.runIf(FULL)(
  'R12: the source is lost, and Temporal with it: a fresh one fails over by what is journaled, and back',
  async () => {
    const moving = await GroupedReplication.start(stack, clusters, smallMessages(400, 1), 50);
    const { live, group, queues } = moving;
    try {
      await worker.kill();
      await stack.east.broker.kill();
      await emptyTemporal();
      worker = await WorkerProcess.start(stack);
      await live.start({ groups: [group], start: 'latest' });
      await eventually(60_000, async () => (await live.status()).troubles.length > 0);
      const failover = await eventually(60_000, async () => {
        const result = (await (await moving.move({ mode: 'failover' })).result()) as FailoverResult;
        return result.outcome === 'done' && result;
      });
      console.log(failover.warnings.join('\n'));
      expect(failover).toMatchObject({ problems: [], groups: { groups: [{ group }] } });
      expect(await moving.settings('west')).toEqual({ perm: 6, consumeEnable: true });
      expect(await moving.stands('west', 50)).toBe(true);

      await produce({ writer: sides.west.writer, queues: queues.west, messages: smallMessages(60, 2) });
      await moving.consume('west', 80);
      await stack.east.broker.start();
      const home = await moving.move({ mode: 'failback', fence: 'external' });
      await home.signal('producersStopped');
      expect(await home.result()).toMatchObject({ outcome: 'done', problems: [], strandedTail: { messages: 0 } });
      expect(await moving.settings('east')).toEqual({ perm: 6, consumeEnable: true });
      expect(await moving.stands('east', 80)).toBe(true);
      expect(await comparedBothWays(stack, live.topic)).toEqual(onceBothWays(400, 60));
    } finally {
      await stack.east.broker.start().catch(() => undefined);
      await live.close();
    }
  },
  400_000,
);

async function emptyTemporal(): Promise<void> {
  await stack.temporal.kill();
  const files = (await readdir(stack.temporal.folder)).filter((file) => file.includes('.db'));
  expect(files).not.toEqual([]);
  for (const file of files) await rm(join(stack.temporal.folder, file));
  await stack.temporal.start();
}
