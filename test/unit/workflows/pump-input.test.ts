import { expect, test } from 'vitest';
import { pumpInputOf } from '../../../workflows/replication/pump-input.ts';
import { onlyFlow, runningTask } from './task.ts';

test('a pump is told its own queues, starts and skips, and its part of the limits', () => {
  const task = runningTask();
  const flow = onlyFlow(task);
  flow.starts = { 'orders/east-a/0': 1, 'payments/east-a/1': 2 };
  flow.skips = { 'payments/east-a/0': 3, 'orders/east-a/1': 4 };
  const limited = { ...task, input: { ...task.input, rateLimit: { bytesPerSecond: 101, messagesPerSecond: 1 } } };
  expect(pumpInputOf(limited, flow, flow.shards[0]!)).toMatchObject({
    shard: 0,
    shards: 2,
    starts: { 'orders/east-a/0': 1 },
    skips: { 'orders/east-a/1': 4 },
    rateLimit: { bytesPerSecond: 50, messagesPerSecond: 1 },
  });
  expect(pumpInputOf(task, flow, flow.shards[1]!)).toMatchObject({ starts: { 'payments/east-a/1': 2 }, rateLimit: {} });
});
