import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { useStack } from '../support/servers.ts';
import { FULL, SEED, SIZES } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

/** A dead pump's locks lapse 60 s after their last renewal; R6 allows 90 s in all. */
const LOCKS_WAITED_OUT_MS = 90_000;

const stack = useStack();
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

async function emptyTemporal(): Promise<void> {
  await stack.temporal.kill();
  const files = (await readdir(stack.temporal.folder)).filter((file) => file.includes('.db'));
  expect(files).not.toEqual([]);
  for (const file of files) await rm(join(stack.temporal.folder, file));
  await stack.temporal.start();
}
