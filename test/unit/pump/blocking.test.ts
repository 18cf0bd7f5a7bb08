import { expect, test } from 'vitest';
import { Blocking } from '../../../src/pump/blocking.ts';
import type { BlockedQueue } from '../../../src/replication/messages.ts';

const BLOCKED: BlockedQueue = {
  ...{ topic: 'orders', broker: 'broker-a', queue: 1, at: 7 },
  ...{ kind: 'poison', reason: 'too large', since: '2026-01-01T00:00:00.000Z' },
};

function blockingOf(believed: boolean) {
  const told: boolean[] = [];
  const blocking: Blocking = new Blocking(believed, () => told.push(blocking.blocked !== undefined));
  return { blocking, told };
}

test('that a queue blocks and is free again is told once each', () => {
  const { blocking, told } = blockingOf(false);
  blocking.end();
  expect(told).toEqual([]);
  blocking.begin(BLOCKED);
  expect(blocking.blocked).toBe(BLOCKED);
  blocking.end();
  blocking.end();
  expect(told).toEqual([true, false]);
});

test('a queue that an earlier pump told to be blocked is told to be free', () => {
  const { blocking, told } = blockingOf(true);
  expect(blocking.blocked).toBeUndefined();
  expect(blocking.isUnseen).toBe(true);
  blocking.end();
  blocking.end();
  expect(told).toEqual([false]);
  expect(blocking.isUnseen).toBe(false);
});
