import { describe, expect, test } from 'vitest';
import { TARGET_BATCH_BYTES } from '../../../src/pump/batch-builder.ts';
import { BatchSize } from '../../../src/pump/batch-size.ts';

const MIB = 1024 * 1024;

describe('the size of batches', () => {
  test('halves where a send was not answered, down to a floor, and doubles after quick answers only', () => {
    const size = new BatchSize();
    expect(size.bytes).toBe(TARGET_BATCH_BYTES);
    size.unanswered(100_000);
    expect(size.bytes).toBe(50_000);
    size.unanswered(400_000);
    expect(size.bytes).toBe(25_000);
    size.stored(25_000, 2000);
    expect(size.bytes).toBe(25_000);
    size.stored(25_000, 10);
    expect(size.bytes).toBe(50_000);
    for (let i = 0; i < 20; i++) size.unanswered(size.bytes);
    expect(size.bytes).toBe(16 * 1024);
    for (let i = 0; i < 20; i++) size.stored(size.bytes, 10);
    expect(size.bytes).toBe(TARGET_BATCH_BYTES);
  });

  test('halves before a send takes all of its time', () => {
    const size = new BatchSize();
    size.stored(MIB, 3000);
    expect(size.bytes).toBe(MIB / 2);
  });

  test('grows with the round trip, up to what the broker takes and beyond, and stays near where it is short', () => {
    const far = new BatchSize();
    far.stored(1000, 200);
    far.stored(MIB, 400);
    expect(far.bytes).toBe(4 * MIB);

    const near = new BatchSize();
    near.stored(1000, 5);
    // what takes long because it is large says nothing of the way
    for (let i = 0; i < 5; i++) near.stored(MIB, 400);
    expect(near.bytes).toBe(TARGET_BATCH_BYTES);
  });
});
