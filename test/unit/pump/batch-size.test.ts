import { expect, test } from 'vitest';
import { TARGET_BATCH_BYTES } from '../../../src/pump/batch-builder.ts';
import { BatchSize } from '../../../src/pump/batch-size.ts';

test('halves what was not answered, down to a floor, and doubles after quick answers only', () => {
  const size = new BatchSize();
  expect(size.bytes).toBe(TARGET_BATCH_BYTES);
  size.unanswered(100_000);
  expect(size.bytes).toBe(50_000);
  size.unanswered(400_000);
  expect(size.bytes).toBe(25_000);
  size.stored(2000);
  expect(size.bytes).toBe(25_000);
  size.stored(10);
  expect(size.bytes).toBe(50_000);
  for (let i = 0; i < 20; i++) size.unanswered(size.bytes);
  expect(size.bytes).toBe(16 * 1024);
  for (let i = 0; i < 20; i++) size.stored(10);
  expect(size.bytes).toBe(TARGET_BATCH_BYTES);
});
