import { ApplicationFailure, type WorkflowFailedError } from '@temporalio/client';
import { afterEach, expect, test } from 'vitest';
import { TASK_QUEUE } from '../../../src/replication/messages.ts';
import { SEARCH_ATTRIBUTES } from '../../../src/replication/search-attributes.ts';
import { eventually } from '../../support/eventually.ts';
import { INPUT, MAP } from '../../support/replication-rig.ts';
import { useRig } from './rig.ts';

const stage = useRig();

afterEach(() => {
  stage.rig.prepare = () => Promise.resolve({ map: MAP, starts: {} });
});

async function failureOf(result: Promise<unknown>): Promise<ApplicationFailure> {
  const failure = await result.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => (error as WorkflowFailedError).cause,
  );
  expect(failure).toBeInstanceOf(ApplicationFailure);
  return failure as ApplicationFailure;
}

test.each([
  ['null', null, 'input: expected a JSON object, found null'],
  ['text', 'orders', 'input: expected a JSON object, found "orders"'],
  ['no topics', { ...INPUT, topics: [] }, 'topics: expected'],
  ['a wrong topic', { ...INPUT, topics: ['orders', 'no spaces'] }, 'topics[1]: expected a topic'],
  ['an unknown field', { ...INPUT, topic: 'orders' }, 'topic: expected no such field, found "orders"'],
  ['the same cluster', { ...INPUT, destination: 'east' }, 'destination: expected another cluster than the source'],
  ['a wrong start', { ...INPUT, start: 'yesterday' }, 'start: expected earliest, latest, an ISO 8601 time'],
  [
    'a wrong limit',
    { ...INPUT, rateLimit: { bytesPerSecond: '5 apples' } },
    'rateLimit.bytesPerSecond: expected bytes',
  ],
])('wrong input (%s) fails the start at once and names the field', async (_what, input, message) => {
  const replication = await stage.rig.begin(input);
  const failure = await failureOf(replication.result());
  expect(failure).toMatchObject({ type: 'WrongInput', nonRetryable: true });
  expect(failure.message).toContain(message);
});

test('an ID that names no replication fails the start', async () => {
  for (const id of ['orders', 'replication/', 'replication/no_underscore']) {
    const failure = await failureOf((await stage.rig.begin(INPUT, id)).result());
    expect(failure.message).toContain('workflow ID: expected replication/NAME');
  }
});

test('more than one input fails the start', async () => {
  const handle = await stage.temporal.client.workflow.start('replication', {
    taskQueue: TASK_QUEUE,
    workflowId: 'replication/two',
    args: [INPUT, {}],
  });
  expect((await failureOf(handle.result())).message).toContain('expected one JSON object, found more than one');
});

test('an unknown workflow type fails at once and names the known ones', async () => {
  const handle = await stage.temporal.client.workflow.start('replicate', {
    taskQueue: TASK_QUEUE,
    workflowId: 'replication/orders',
    args: [INPUT],
  });
  const failure = await failureOf(handle.result());
  expect(failure.message).toBe('no such workflow type: replicate; known types: replication, failover');
});

test('what an operator must correct fails the start, also when it shows only on the clusters', async () => {
  stage.rig.prepare = () =>
    Promise.reject(ApplicationFailure.nonRetryable('topics[0]: topic orders does not exist on east', 'WrongInput'));
  const failure = await failureOf((await stage.rig.begin()).result());
  expect(failure).toMatchObject({ type: 'WrongInput', message: 'topics[0]: topic orders does not exist on east' });
});

test('a cluster that cannot be reached shows in `troubles`, and is tried again until it can', async () => {
  const { rig } = stage;
  let isUp = false;
  rig.prepare = () =>
    isUp ? Promise.resolve({ map: MAP, starts: { 'orders/east-a/0': 3 } }) : Promise.reject(new Error('east is away'));
  const replication = await rig.begin({
    ...INPUT,
    tags: [{ key: 'region', value: 'east' }],
    rateLimit: { bytesPerSecond: '1MiB' },
  });
  const status = await eventually(10_000, async () => {
    const now = await replication.status();
    return now.troubles.length > 0 && now;
  });
  expect(status).toMatchObject({ state: 'STARTING', health: 'STARTING' });
  expect(status.troubles[0]).toMatch(/^cannot start: east is away; tried \d/);
  isUp = true;
  expect(await replication.reaches('RUNNING')).toMatchObject({ troubles: [] });
  const pumps = await eventually(10_000, () => {
    const now = rig.pumpsOf(replication);
    return now.length === 2 && now;
  });
  const [first, second] = pumps.map(({ input }) => input).toSorted((a, b) => a.shard - b.shard);
  expect(first).toMatchObject({
    epoch: 1,
    starts: { 'orders/east-a/0': 3 },
    skips: {},
    rateLimit: { bytesPerSecond: 512 * 1024 },
  });
  expect(second).toMatchObject({ starts: {}, tags: [{ key: 'region', value: 'east' }], queues: [MAP[1]] });
  await replication.update('stop');
});

test('commands are heard while it starts: pause, resume, stop', async () => {
  const { rig } = stage;
  rig.prepare = () => Promise.reject(new Error('east is away'));
  const replication = await rig.begin();
  expect(await replication.update('pause')).toEqual({ done: true, state: 'PAUSED' });
  expect(await replication.update('resume')).toEqual({ done: true, state: 'STARTING' });
  expect(await replication.update('skipGap', { topic: 'orders', queue: 0 })).toMatchObject({ done: false });
  expect(await replication.update('stop')).toEqual({ done: true, state: 'STOPPED' });
});

test('a replication that ran before stays paused when it cannot be resumed', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  await replication.update('pause');
  rig.prepare = () =>
    Promise.reject(ApplicationFailure.nonRetryable('topics[0]: topic orders does not exist on east', 'WrongInput'));
  await replication.update('resume');
  const status = await replication.reaches('PAUSED');
  expect(status.reason).toContain('does not exist');
  expect(status.refusals.at(-1)).toContain('does not exist');
  await replication.update('stop');
});

test('search attributes are added where they are missing, and find replications by state', async () => {
  const { rig, temporal } = stage;
  rig.searchAttributes = await rig.provideSearchAttributes();
  expect(rig.searchAttributes).toEqual(SEARCH_ATTRIBUTES);
  expect(await rig.provideSearchAttributes()).toEqual(SEARCH_ATTRIBUTES);
  const replication = await rig.running();
  await replication.update('pause');
  const query = `ReplicatorState = 'PAUSED' AND ReplicatorSource = 'east' AND ReplicatorDestination = 'west' AND ReplicatorHealth = 'PAUSED'`;
  await eventually(10_000, async () => {
    for await (const { workflowId } of temporal.client.workflow.list({ query }))
      if (workflowId === replication.handle.workflowId) return true;
    return false;
  });
  rig.searchAttributes = [];
  await replication.update('stop');
});
