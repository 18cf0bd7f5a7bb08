import { expect, test } from 'vitest';
import { countQueues, mappedQueues, sourceKey } from '../../../src/replication/queue-map.ts';
import { carry, MAX_CARRIED_BYTES, restore, type Carried } from '../../../workflows/replication/carried.ts';
import { applyReport } from '../../../workflows/replication/reports.ts';
import { layShards } from '../../../workflows/replication/flow-state.ts';
import { enter, record, refuse, remember, type Task } from '../../../workflows/replication/task.ts';
import { gap } from '../../support/replication-rig.ts';
import { NOW, onlyFlow, reportOf, runningTask } from './task.ts';

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

function nextRun(task: Task): Task {
  return restore(task.name, task.input, JSON.parse(JSON.stringify(carry(task))) as Carried);
}

test('the next run knows what this one knew', () => {
  const task = runningTask();
  applyReport(task, reportOf(0, { blocked: [gap(1, 5, 9)] }), NOW);
  record(task, 'pause', { by: 'kim' }, 'done', NOW);
  remember(task, { operationId: 'x', command: 'pause', answer: { done: true, state: 'PAUSED' } });
  Object.assign(task, { reason: 'night', pumpsBegun: 4 });
  Object.assign(onlyFlow(task), {
    starts: { 'orders/east-a/0': 3 },
    skips: { 'orders/east-a/1': 9 },
    begun: true,
    leftOut: [{ topic: 'x', reason: 'y' }],
  });
  const next = nextRun(task);
  const { flows, ...kept } = task;
  expect(next).toMatchObject(kept);
  const { shards, ...keptOfFlow } = flows[0]!;
  expect(onlyFlow(next)).toMatchObject(keptOfFlow);
  expect(onlyFlow(next).shards.map(({ blocked, queues }) => ({ blocked, queues }))).toEqual(
    shards.map(({ blocked, queues }) => ({ blocked, queues })),
  );
  expect(onlyFlow(next).shards.every(({ pump }) => pump === undefined)).toBe(true);
});

test('what is carried stays small, and what cannot be found again is kept longest', () => {
  const task = runningTask();
  const queues = Array.from({ length: 20_000 }, (_, i) => `a-topic-with-a-name/broker-a/${i}`);
  const flow = onlyFlow(task);
  flow.starts = Object.fromEntries(queues.map((key, i) => [key, i]));
  flow.skips = Object.fromEntries(queues.map((key, i) => [key, i]));
  applyReport(task, reportOf(0, { blocked: Array.from({ length: 2000 }, (_, i) => gap(i, 5, 9)) }), NOW);
  for (let i = 0; i < 200; i++) {
    const reason = 'ж'.repeat(500);
    record(task, 'pause', { by: 'kim', reason }, 'done', NOW);
    remember(task, { operationId: `op-${i}`, command: 'pause', answer: { done: false, reason } });
  }
  flow.repeats = Object.fromEntries(queues.map((key, i) => [key, [[i, i + 1]] as const]));
  for (let i = 0; i < 20; i++) refuse(task, 'resume', {}, 'ж'.repeat(110_000), NOW);
  enter(task, 'PAUSED', 'ж'.repeat(110_000));
  const carried = carry(task);
  expect(bytesOf(carried)).toBeLessThanOrEqual(MAX_CARRIED_BYTES);
  const { map, counters } = flow;
  expect(carried.flows).toMatchObject([{ starts: {}, prepared: false, blocked: [], map, counters }]);
  expect(carried.flows[0]!.skips['a-topic-with-a-name/broker-a/19999']).toBe(19_999);
  // the task itself is as it was: a run that does not end after all goes on with it
  expect(task.audit).toHaveLength(200);
  expect(task.refusals).toHaveLength(20);
});

test('one refusal that says very much takes no other answer with it', () => {
  const task = runningTask();
  const answer = { done: true, state: 'PAUSED' } as const;
  remember(task, { operationId: 'before', command: 'pause', answer });
  remember(task, { operationId: 'huge', command: 'resume', answer: { done: false, reason: 'ж'.repeat(300_000) } });
  remember(task, { operationId: 'after', command: 'pause', answer });
  expect(nextRun(task).answers).toMatchObject([
    { operationId: 'before', answer },
    { operationId: 'huge', answer: { done: false, reason: expect.stringMatching(/^ж{2000} \.\.\.$/) as string } },
    { operationId: 'after', answer },
  ]);
});

test('5,000 queues of many topics and brokers go to the next run, with what cannot be found again', () => {
  const task = runningTask();
  const brokers = ['broker-a', 'broker-b', 'broker-c', 'broker-d', 'broker-e'];
  const flow = onlyFlow(task);
  flow.map = Array.from({ length: 125 }, (_, topic) => `payments-of-country-${topic}`).flatMap((topic) =>
    brokers.map((broker) => ({
      topic,
      from: { broker, queue: 0 },
      to: { broker: `west-${broker}`, queue: 0 },
      count: 8,
    })),
  );
  expect(countQueues(flow.map)).toBe(5000);
  const keys = [...mappedQueues(flow.map)].map(sourceKey);
  task.input = { ...task.input, topics: ['payments-*'], exclude: ['*-test'], parallelism: 64 };
  flow.begun = true;
  flow.starts = Object.fromEntries(keys.map((key, i) => [key, 1_000_000_000 + i]));
  flow.skips = Object.fromEntries(keys.slice(0, 200).map((key) => [key, 1_000_000_000]));
  flow.leftOut = Array.from({ length: 50 }, (_, i) => ({
    topic: `payments-compacted-${i}`,
    reason: `topic payments-compacted-${i} is compacted; copying compacted topics is not available yet`,
  }));
  layShards(flow, task.input.parallelism);
  for (const shard of flow.shards)
    shard.next = Object.fromEntries([...mappedQueues(shard.queues)].map((queue) => [sourceKey(queue), 5e9]));
  for (let i = 0; i < 200; i++) {
    record(task, 'pause', { by: 'kim', reason: 'as every night', operationId: `op-${i}` }, 'done', NOW);
    remember(task, { operationId: `op-${i}`, command: 'pause', answer: { done: true, state: 'PAUSED' } });
  }
  const carried = carry(task);
  expect(bytesOf([task.input, carried])).toBeLessThan(256_000);
  const next = nextRun(task);
  const { map, skips, leftOut } = flow;
  expect(next).toMatchObject({ flows: [{ map, skips, leftOut, begun: true }], audit: task.audit });
  expect(onlyFlow(next).shards).toHaveLength(64);
});

test('state of a later release is left to a worker of that release', () => {
  const task = runningTask();
  expect(() => restore(task.name, task.input, { ...carry(task), format: 3 })).toThrow('upgrade this worker');
});

test('state of 0.1, which knew one flow, is taken over', () => {
  const task = runningTask();
  applyReport(task, reportOf(0, { blocked: [gap(1, 5, 9)] }), NOW);
  const { flows, ...kept } = carry(task);
  const unknownThen = { source: undefined, destination: undefined, revision: undefined };
  const counters = { ...flows[0]!.counters, quarantined: undefined };
  const then = JSON.stringify({ ...kept, ...flows[0]!, ...unknownThen, counters, format: 1 });
  const carried = JSON.parse(then) as Carried;
  const next = restore(task.name, task.input, carried);
  expect(next).toEqual({
    ...task,
    flows: [{ ...onlyFlow(task), shards: onlyFlow(next).shards }],
  });
  expect(onlyFlow(next)).toMatchObject({ revision: 0, counters: { quarantined: 0 } });
  expect(onlyFlow(next).shards.map(({ blocked, queues }) => ({ blocked, queues }))).toEqual(
    onlyFlow(task).shards.map(({ blocked, queues }) => ({ blocked, queues })),
  );
});
