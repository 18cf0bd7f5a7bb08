import { expect, test } from 'vitest';
import { explainMoved } from '../../../src/pump/block-reasons.ts';
import { NoMaster, QueueBlocked } from '../../../src/pump/problems.ts';
import type { OffsetRange } from '../../../src/transport/types.ts';

const QUEUE = { topic: 'orders', broker: 'broker-a', id: 1 };

function explained(at: number, range: OffsetRange, nextOffset = 0): Promise<Error> {
  return explainMoved({ range: () => Promise.resolve(range) }, QUEUE, at, { nextOffset });
}

test('R8: what the source removed is a gap, which ends where it holds messages again, or where it says to go on', async () => {
  const gap = await explained(100, { min: 250, max: 900 });
  expect(gap).toBeInstanceOf(QueueBlocked);
  expect(gap).toMatchObject({ kind: 'gap', at: 100, to: 250 });
  expect(gap.message).toBe('source offsets 100 to 249 were removed before they were copied; skip-gap goes on at 250');
  // files of the log went before the queue's own beginning moved
  expect(await explained(100, { min: 0, max: 900 }, 300)).toMatchObject({ kind: 'gap', at: 100, to: 300 });
});

test('R8: a source queue that ends before what is wanted has another history', async () => {
  expect(await explained(100, { min: 0, max: 99 })).toMatchObject({ name: 'QueueBlocked', kind: 'history', at: 100 });
});

test('R8: what a slave lacks, or an answer that contradicts itself, is no evidence of either', async () => {
  const lacking = await explained(100, { min: 0, max: 99, isOfSlave: true });
  expect(lacking).toBeInstanceOf(NoMaster);
  const contradicting = await explained(100, { min: 0, max: 900 }, 100);
  expect(contradicting).not.toBeInstanceOf(QueueBlocked);
  expect(contradicting.message).toContain('offset 100 is not there, and that it holds 0 to 900');
});
