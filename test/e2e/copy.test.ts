import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { readCommitLog } from '../support/oracle/commit-log.ts';
import { useStack } from '../support/servers.ts';
import { SEED, SIZES } from '../support/sizes.ts';
import { useWorker } from '../support/use-worker.ts';

const LIMIT_MS = 600_000;
/** Just below what one batch may hold with provenance. */
const LARGEST_BYTES = 4 * 1024 * 1024 - 1000;

const stack = useStack();
useWorker(stack);

describe('R1, R2, R3: a backlog of all kinds of messages', () => {
  it(
    'arrives once, in order, byte for byte, and says where it came from',
    async () => {
      const live = await LiveReplication.create(stack);
      try {
        const { messages, meanBytes, large } = SIZES;
        await live.produce(
          mixedMessages({ count: messages, seed: SEED, meanBytes, large, largestBytes: LARGEST_BYTES }),
        );
        const tags = [
          { key: 'region', value: 'east' },
          { key: 'unit', value: 'ünit 1' },
        ];
        await live.start({ tags, parallelism: 2 });
        await live.reaches(messages, LIMIT_MS);
        expect(await live.verdict(['region', 'unit'])).toEqual({
          source: messages,
          copied: messages,
          lost: 0,
          repeated: 0,
          outOfOrder: 0,
          changed: 0,
        });
        await everyCopySaysWhereItCameFrom(live.topic);
      } finally {
        await live.close();
      }
    },
    2 * LIMIT_MS,
  );
});

async function everyCopySaysWhereItCameFrom(topic: string): Promise<void> {
  const wrong: string[] = [];
  await readCommitLog(join(stack.west.broker.folder, 'store'), topic, ({ queue, queueOffset, properties }) => {
    const property = new Map(properties);
    const found = ['REPL_ORIGIN', 'REPL_FROM', 'REPL_PATH', 'region', 'unit']
      .map((name) => property.get(name))
      .join(' ');
    const from = `1:east:${topic}:${queue}:0:${queueOffset}:${stack.east.brokerName}`;
    const expected = `east ${from}  east ${Buffer.from('ünit 1').toString('latin1')}`;
    if (found !== expected) wrong.push(`${found} instead of ${expected}`);
  });
  expect(wrong).toEqual([]);
}
