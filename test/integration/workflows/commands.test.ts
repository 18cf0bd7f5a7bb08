import { WorkflowUpdateFailedError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../../src/replication/messages.ts';
import { eventually } from '../../support/eventually.ts';
import { FULL } from '../../support/sizes.ts';
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

test.runIf(FULL)(
  'an update that takes longer than 25 s names its operation, which can be asked for again',
  async () => {
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
  },
  90_000,
);

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
