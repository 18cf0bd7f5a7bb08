import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { COMMANDS, NO_COUNTERS } from '../../../src/replication/messages.ts';
import { eventually } from '../../support/eventually.ts';
import { gap, MAP } from '../../support/replication-rig.ts';
import { useRig } from './rig.ts';

const stage = useRig();

test('pause waits until no pump copies any more, resume starts them again, stop ends the workflow with its counters', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const asked = { by: 'kim', reason: 'maintenance' };
  expect(await replication.update('pause', asked)).toEqual({ done: true, state: 'PAUSED' });
  expect(rig.pumpsOf(replication)).toEqual([]);
  expect(await replication.status()).toMatchObject({ state: 'PAUSED', health: 'PAUSED', reason: 'maintenance' });
  expect(await replication.update('pause')).toEqual({ done: true, state: 'PAUSED' });
  expect(await replication.update('resume')).toMatchObject({ done: true });
  await replication.reaches('RUNNING');
  await eventually(10_000, () => rig.pumpsOf(replication).length === 2);
  expect(await replication.update('stop', asked)).toEqual({ done: true, state: 'STOPPED' });
  const result = await replication.result();
  expect(result).toMatchObject({ state: 'STOPPED', reason: 'maintenance' });
  // two pumps ended twice, 10 messages each
  expect(result.counters.copied).toBe(40);
  const audit = await replication.audit();
  expect(audit.map(({ command, result }) => `${command}: ${result}`)).toEqual([
    'pause: done',
    'pause: done',
    'resume: done',
    'stop: done',
  ]);
  expect(audit[0]).toMatchObject(asked);
});

test('the same by signals, in the order in which they were sent', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  await replication.handle.signal('pause', { by: 'kim' });
  await replication.handle.signal('resume');
  await replication.handle.signal('pause', null);
  await replication.reaches('PAUSED');
  await eventually(10_000, async () => (await replication.audit()).length === 3);
  expect((await replication.audit()).map(({ command }) => command)).toEqual(['pause', 'resume', 'pause']);
  await replication.handle.signal('stop');
  expect(await replication.result()).toMatchObject({ state: 'STOPPED' });
});

test('a signal with wrong input is noted and changes nothing; one with a misspelt name is answered with the known ones', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  await replication.handle.signal('pause', { by: 5 });
  await replication.handle.signal('pause', 'now');
  await replication.handle.signal('pause', {}, {});
  await replication.handle.signal('skipGap');
  await replication.handle.signal('pauze', { by: 'kim' });
  await replication.handle.signal('pumpReport', { shard: 'x' });
  const status = await eventually(10_000, async () => {
    const now = await replication.status();
    return now.refusals.length === 6 && now;
  });
  expect(status.state).toBe('RUNNING');
  const [wrongBy, text, two, empty, misspelt, report] = status.refusals;
  expect(wrongBy).toMatch(/pause: by: expected a text, found 5$/);
  expect(text).toMatch(/pause: input: expected a JSON object, found "now"$/);
  expect(two).toMatch(/pause: input: expected at most one JSON object, found 2 values$/);
  expect(empty).toMatch(/skipGap: topic: expected a text, found nothing; queue: expected a number, found nothing$/);
  expect(misspelt).toContain(`pauze: no such signal; known signals: ${COMMANDS.join(', ')}`);
  expect(report).toContain('pumpReport: shard: expected');
  expect((await replication.audit()).map(({ result }) => result)).toEqual(
    status.refusals.map((refusal) => `refused: ${refusal.replace(/^\S+ \w+: /, '')}`),
  );
  await replication.update('stop');
});

test('what cannot even be decoded is refused like other wrong input', async () => {
  const replication = await stage.rig.running();
  await stage.temporal.connection.workflowService.signalWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: replication.handle.workflowId },
    signalName: 'pause',
    input: { payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{broken') }] },
  });
  const [refusal] = await eventually(5_000, async () => {
    const { refusals } = await replication.status();
    return refusals.length > 0 && refusals;
  });
  expect(refusal).toContain('pause: input: expected a JSON object, found "unreadable: ');
  await replication.update('stop');
});

test('an update with wrong input is rejected and leaves the replication as it was', async () => {
  const replication = await stage.rig.running();
  for (const [input, problem] of [
    [[{ by: 5 }], 'by: expected a text, found 5'],
    [[{ at: 'once' }], 'at: expected no such field, found "once"'],
    [[{}, {}], 'at most one JSON object'],
  ] as const) {
    const failure: unknown = await replication.update('pause', ...input).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkflowUpdateFailedError);
    expect(String((failure as Error).cause)).toContain(problem);
  }
  await expect(replication.update('pauze')).rejects.toThrow();
  expect(await replication.status()).toMatchObject({ state: 'RUNNING', refusals: [] });
  await replication.update('stop');
});

test('what is not there yet says so', async () => {
  const replication = await stage.rig.running();
  for (const command of ['reverse', 'release', 'remap', 'acceptHistory'])
    expect(await replication.update(command, { parallelism: 3, topic: 'orders' })).toEqual({
      done: false,
      reason: `${command} is not available yet`,
    });
  expect((await replication.status()).refusals).toHaveLength(4);
  await replication.update('stop');
});

test('ten updates at once are carried out one after the other', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const commands = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 'pause' : 'resume'));
  const answers = await Promise.all(commands.map((command) => replication.update(command)));
  expect(answers.every(({ done }) => done)).toBe(true);
  expect(await replication.audit()).toHaveLength(10);
  await replication.update('stop');
});

test('an operation is carried out once, however often it is asked for', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const pause = { operationId: 'drill-7', by: 'kim' };
  const answers = await Promise.all([replication.update('pause', pause), replication.update('pause', pause)]);
  expect(answers).toEqual([
    { done: true, state: 'PAUSED' },
    { done: true, state: 'PAUSED' },
  ]);
  await replication.update('resume');
  await replication.reaches('RUNNING');
  await replication.handle.signal('pause', pause);
  expect(await replication.update('pause', pause)).toEqual({ done: true, state: 'PAUSED' });
  expect(await replication.update('stop', pause)).toEqual({
    done: false,
    reason: 'operationId drill-7 was already used for pause; choose another',
  });
  expect((await replication.status()).state).toBe('RUNNING');
  expect((await replication.audit()).filter(({ command }) => command === 'pause')).toHaveLength(1);
  await replication.update('stop');
});

test('an update that takes longer than 25 s names its operation, which can be asked for again', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  rig.beforePumpEnds = ({ replication: name }) => (name === replication.name ? released : Promise.resolve());
  const answer = await replication.update('pause');
  expect(answer).toMatchObject({ done: false, operation: 'pause-1' });
  expect(await replication.status()).toMatchObject({ state: 'PAUSING' });
  release();
  expect(await replication.update('pause', { operationId: 'pause-1' })).toEqual({ done: true, state: 'PAUSED' });
  rig.beforePumpEnds = () => Promise.resolve();
  await replication.update('stop');
}, 90_000);

test('R8: skipGap restarts only the shard of the blocked queue, with the offset from which to go on', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const [orders, payments] = rig.pumpsOf(replication).toSorted((a, b) => a.input.shard - b.input.shard);
  await replication.report(orders!, { blocked: [gap(1, 100, 250)] });
  expect(await replication.status()).toMatchObject({
    state: 'RUNNING',
    health: 'BLOCKED',
    blocked: [gap(1, 100, 250)],
  });
  for (const [input, reason] of [
    [{ topic: 'orders', queue: 0 }, 'topic orders, queue 0 is not blocked'],
    [{ topic: 'orders', queue: 1, broker: 'east-b' }, 'topic orders, queue 1 on east-b is not blocked'],
    [
      { topic: 'orders', queue: 1, to: 249 },
      'to: expected at least 250, the first offset that is still there, found 249',
    ],
  ] as const)
    expect(await replication.update('skipGap', input)).toEqual({ done: false, reason });
  expect(await replication.update('skipGap', { topic: 'orders', queue: 1, by: 'kim' })).toEqual({
    done: true,
    state: 'RUNNING',
  });
  expect(await replication.status()).toMatchObject({ health: 'RUNNING', blocked: [] });
  const pumps = await eventually(10_000, () => {
    const now = rig.pumpsOf(replication);
    return now.length === 2 && !now.includes(orders!) && now;
  });
  expect(pumps).toContain(payments);
  const restarted = pumps.find(({ input }) => input.shard === orders!.input.shard)!;
  expect(restarted.input.skips).toEqual({ 'orders/east-a/1': 250 });
  // a late report of the pump that is gone does not block the queue again, but what it copied counts
  const before = (await replication.status()).counters.copied;
  await replication.report(orders!, {
    blocked: [gap(1, 100, 250)],
    counters: { ...NO_COUNTERS, copied: 7, bytes: 7 },
  });
  expect(await replication.status()).toMatchObject({ blocked: [], counters: { copied: before + 7 } });
  // positions of the queues that the pump at work has told
  await replication.report(restarted, { next: { 'orders/east-a/1': 251 } });
  const { positions } = await replication.positions();
  expect(positions).toHaveLength(4);
  expect(positions[1]).toMatchObject({ topic: 'orders', queue: 1, to: { broker: 'west-a', queue: 1 }, next: 251 });
  expect((await replication.positions({ from: 3 })).positions).toHaveLength(1);
  await expect(replication.positions({ from: -1 })).rejects.toThrow('from: expected a whole number');
  await replication.update('stop');
});

test('skipGap is refused for a queue that is blocked by something else', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const [pump] = rig.pumpsOf(replication);
  await replication.report(pump!, { blocked: [{ ...gap(0, 5), kind: 'history', reason: 'cut off' }] });
  expect(await replication.update('skipGap', { topic: 'orders', queue: 0 })).toEqual({
    done: false,
    reason: 'topic orders, queue 0 is not blocked by a gap or a message but by history: cut off',
  });
  await replication.report(pump!, { blocked: [gap(0, 5)] });
  expect(await replication.update('skipGap', { topic: 'orders', queue: 0 })).toEqual({
    done: false,
    reason: 'it is not known where messages begin again; say it with `to`',
  });
  await replication.update('stop');
});

test('R9: skipGap passes over a message that blocks a queue only where it is said up to where, and counts it', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const orders = rig.pumpsOf(replication).find(({ input }) => input.shard === 0)!;
  await replication.report(orders, { blocked: [{ ...gap(0, 5), kind: 'poison', reason: 'too large' }] });
  for (const [to, reason] of [
    [undefined, 'the message at source offset 5 would be passed over: say it with `to`, 6 for this message alone'],
    [5, 'to: expected at least 6, the first offset that passes over the message, found 5'],
  ] as const)
    expect(await replication.update('skipGap', { topic: 'orders', queue: 0, to })).toEqual({ done: false, reason });
  expect(await replication.update('skipGap', { topic: 'orders', queue: 0, to: 7 })).toMatchObject({ done: true });
  expect(await replication.status()).toMatchObject({ health: 'RUNNING', counters: { gapSkipped: 2 } });
  await eventually(10_000, () => rig.pumpsOf(replication).some(({ input }) => input.skips['orders/east-a/0'] === 7));
  await replication.update('stop');
});

test('R9: redrive works while no pump of the topic does; blocked queues are tried again; the audit says what came of it', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  const [orders, payments] = rig.pumpsOf(replication).toSorted((a, b) => a.input.shard - b.input.shard);
  await replication.report(orders!, { blocked: [{ ...gap(0, 5), kind: 'poison' }, gap(1, 7)] });
  const pumpsMeanwhile: unknown[] = [];
  rig.redrive = (input) => {
    expect(input).toMatchObject({ replication: replication.name, source: 'east', destination: 'west', tags: [] });
    expect(input.queues).toEqual([MAP[0]]);
    pumpsMeanwhile.push(...rig.pumpsOf(replication));
    return Promise.resolve({ redriven: 3, refusedAgain: 1, missing: 0, more: false });
  };
  expect(await replication.update('redrive', { topic: 'orders', by: 'kim' })).toEqual({
    done: true,
    state: 'RUNNING',
    redrive: { redriven: 3, refusedAgain: 1, missing: 0, more: false },
  });
  expect(pumpsMeanwhile).toEqual([payments]);
  expect(await replication.status()).toMatchObject({ blocked: [gap(1, 7)] });
  await eventually(10_000, () => rig.pumpsOf(replication).length === 2);
  expect(rig.pumpsOf(replication)).not.toContain(orders);

  await replication.update('pause');
  pumpsMeanwhile.length = 0;
  expect(await replication.update('redrive', { topic: 'orders' })).toMatchObject({ done: true, state: 'PAUSED' });
  expect(pumpsMeanwhile).toEqual([]);
  expect(rig.pumpsOf(replication)).toEqual([]);
  expect((await replication.audit()).map(({ command, result }) => `${command}: ${result}`)).toEqual([
    'redrive: done: 3 redriven, 1 refused again, 0 missing',
    'pause: done',
    'redrive: done: 3 redriven, 1 refused again, 0 missing',
  ]);
  expect(await replication.update('redrive', { topic: 'others' })).toEqual({
    done: false,
    reason: "topic: others is not one of this replication's topics",
  });
  await replication.update('stop');
});

test('R9: a redrive that fails is refused with its cause, and copying goes on', async () => {
  const { rig } = stage;
  const replication = await rig.running();
  rig.redrive = () => Promise.reject(ApplicationFailure.nonRetryable('west is away'));
  const answer = await replication.update('redrive', { topic: 'orders' });
  expect(answer).toMatchObject({ done: false, reason: expect.stringContaining('west is away') as string });
  await eventually(10_000, () => rig.pumpsOf(replication).length === 2);
  await replication.update('stop');
});

test('cancelling the workflow means stop, in every state', async () => {
  const { rig } = stage;
  const running = await rig.running();
  await running.handle.cancel();
  expect(await running.result()).toMatchObject({ state: 'STOPPED', reason: 'the workflow was cancelled' });
  expect(rig.pumpsOf(running)).toEqual([]);
  const paused = await rig.running();
  await paused.update('pause');
  await paused.handle.cancel();
  expect(await paused.result()).toMatchObject({ state: 'STOPPED' });
});
