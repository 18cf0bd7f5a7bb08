import { expect, test } from 'vitest';
import { Checkpoints } from '../../../src/pump/checkpoints.ts';
import type { Queue } from '../../../src/transport/types.ts';

const FROM = { topic: 'orders', broker: 'broker-a', id: 1 };
const CHECKPOINT = { topic: 'orders', broker: 'west', id: 3 };

function checkpointsOf({ failures = 0 } = {}) {
  const sent: [string, number][] = [];
  const committing = (cluster: string, of: Queue) => ({
    commit: (group: string, queue: Queue, offset: number) => {
      expect([group, queue]).toEqual(['flow', of]);
      sent.push([cluster, offset]);
      return cluster === 'west' && failures-- > 0 ? Promise.reject(new Error('lost')) : Promise.resolve();
    },
  });
  const route = { group: 'flow', from: FROM, checkpoint: CHECKPOINT };
  return { sent, checkpoints: new Checkpoints(committing('east', FROM), committing('west', CHECKPOINT), route) };
}

test('R5: only what has moved is committed, and a newest copy that is not known for now does not take the known one back', async () => {
  const { sent, checkpoints } = checkpointsOf();
  expect(await checkpoints.commit(5, undefined)).toBe(true);
  expect(await checkpoints.commit(7, 40)).toBe(true);
  expect(await checkpoints.commit(7, undefined)).toBe(false);
  expect(await checkpoints.commit(7, 40)).toBe(false);
  expect(await checkpoints.commit(8, undefined)).toBe(true);
  expect(sent).toEqual([
    ['east', 5],
    ['east', 7],
    ['west', 40],
    ['east', 8],
    ['west', 40],
  ]);
});

test('R5: both are committed again where one of them failed', async () => {
  const { sent, checkpoints } = checkpointsOf({ failures: 1 });
  await expect(checkpoints.commit(7, 40)).rejects.toThrow('lost');
  expect(await checkpoints.commit(7, 40)).toBe(true);
  expect(sent.slice(2)).toEqual([
    ['east', 7],
    ['west', 40],
  ]);
});
