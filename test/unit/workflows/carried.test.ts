import { expect, test } from 'vitest';
import { countQueues, mappedQueues, sourceKey } from '../../../src/replication/queue-map.ts';
import { carry, MAX_CARRIED_BYTES, restore, type Carried } from '../../../workflows/replication/carried.ts';
import { applyReport } from '../../../workflows/replication/reports.ts';
import { layShards, record, remember, type Task } from '../../../workflows/replication/task.ts';
import { gap } from '../../support/replication-rig.ts';
import { NOW, reportOf, runningTask } from './task.ts';

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

function nextRun(task: Task): Task {
  return restore(task.name, task.input, JSON.parse(JSON.stringify(carry(task))) as Carried);
}

test('the next run knows what this one knew', () => {
  const task = runningTask();
  applyReport(task, reportOf(0, { blocked: [gap(1, 5, 9)] }), NOW);
  record(task, 'pause', { by: 'kim' }, 'done', NOW);
  remember(task, { operationId: 'x', command: 'pause', answer: { done: true, state: 'PAUSED' } });
  Object.assign(task, {
    reason: 'night',
    starts: { 'orders/east-a/0': 3 },
    skips: { 'orders/east-a/1': 9 },
    begun: true,
    leftOut: [{ topic: 'x', reason: 'y' }],
    pumpsBegun: 4,
  });
  const next = nextRun(task);
  const { shards, ...kept } = task;
  expect(next).toMatchObject(kept);
  expect(next.shards.map(({ blocked, queues }) => ({ blocked, queues }))).toEqual(
    shards.map(({ blocked, queues }) => ({ blocked, queues })),
  );
  expect(next.shards.every(({ pump }) => pump === undefined)).toBe(true);
});

test('what is carried stays small, and what cannot be found again is kept longest', () => {
  const task = runningTask();
  const queues = Array.from({ length: 20_000 }, (_, i) => `a-topic-with-a-name/broker-a/${i}`);
  task.starts = Object.fromEntries(queues.map((key, i) => [key, i]));
  task.skips = Object.fromEntries(queues.map((key, i) => [key, i]));
  applyReport(task, reportOf(0, { blocked: Array.from({ length: 2000 }, (_, i) => gap(i, 5, 9)) }), NOW);
  for (let i = 0; i < 200; i++) {
    const reason = 'ж'.repeat(500);
    record(task, 'pause', { by: 'kim', reason }, 'done', NOW);
    remember(task, { operationId: `op-${i}`, command: 'pause', answer: { done: false, reason } });
  }
  const carried = carry(task);
  expect(bytesOf(carried)).toBeLessThanOrEqual(MAX_CARRIED_BYTES);
  expect(carried).toMatchObject({ starts: {}, prepared: false, blocked: [], map: task.map, counters: task.counters });
  expect(carried.skips['a-topic-with-a-name/broker-a/19999']).toBe(19_999);
  // the task itself is as it was: a run that does not end after all goes on with it
  expect(task.audit).toHaveLength(200);
});

test('5,000 queues of many topics and brokers go to the next run, with what cannot be found again', () => {
  const task = runningTask();
  const brokers = ['broker-a', 'broker-b', 'broker-c', 'broker-d', 'broker-e'];
  task.map = Array.from({ length: 125 }, (_, topic) => `payments-of-country-${topic}`).flatMap((topic) =>
    brokers.map((broker) => ({
      topic,
      from: { broker, queue: 0 },
      to: { broker: `west-${broker}`, queue: 0 },
      count: 8,
    })),
  );
  expect(countQueues(task.map)).toBe(5000);
  const keys = [...mappedQueues(task.map)].map(sourceKey);
  task.input = { ...task.input, topics: ['payments-*'], exclude: ['*-test'], parallelism: 64 };
  task.begun = true;
  task.starts = Object.fromEntries(keys.map((key, i) => [key, 1_000_000_000 + i]));
  task.skips = Object.fromEntries(keys.slice(0, 200).map((key) => [key, 1_000_000_000]));
  task.leftOut = Array.from({ length: 50 }, (_, i) => ({
    topic: `payments-compacted-${i}`,
    reason: `topic payments-compacted-${i} is compacted; copying compacted topics is not available yet`,
  }));
  layShards(task);
  for (const shard of task.shards)
    shard.next = Object.fromEntries([...mappedQueues(shard.queues)].map((queue) => [sourceKey(queue), 5e9]));
  for (let i = 0; i < 200; i++) {
    record(task, 'pause', { by: 'kim', reason: 'as every night', operationId: `op-${i}` }, 'done', NOW);
    remember(task, { operationId: `op-${i}`, command: 'pause', answer: { done: true, state: 'PAUSED' } });
  }
  const carried = carry(task);
  expect(bytesOf([task.input, carried])).toBeLessThan(256_000);
  const next = nextRun(task);
  expect(next).toMatchObject({
    map: task.map,
    skips: task.skips,
    leftOut: task.leftOut,
    begun: true,
    audit: task.audit,
  });
  expect(next.shards).toHaveLength(64);
});

test('state of a later release is left to a worker of that release', () => {
  const task = runningTask();
  expect(() => restore(task.name, task.input, { ...carry(task), format: 2 })).toThrow('upgrade this worker');
});
