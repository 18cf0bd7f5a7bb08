import { expect, test } from 'vitest';
import type { Command } from '../../../src/replication/commands.ts';
import type { CommandAnswer } from '../../../src/replication/messages.ts';
import { Inbox } from '../../../workflows/replication/inbox.ts';
import { NOW, runningTask } from './task.ts';

const pause = (operationId?: string): Command => ({ name: 'pause', input: { operationId } });
const DONE: CommandAnswer = { done: true, state: 'PAUSED' };

function inbox() {
  const task = runningTask();
  return { task, inbox: new Inbox(task, () => NOW) };
}

test('commands are taken in the order in which they came', async () => {
  const { task, inbox: box } = inbox();
  const seen: string[] = [];
  box.put({ name: 'pause', input: { by: 'a' } });
  box.put({ name: 'resume', input: { by: 'b' } });
  while (!box.isEmpty)
    await box.executeNext((command) => {
      seen.push(command.name);
      return Promise.resolve(DONE);
    });
  expect(seen).toEqual(['pause', 'resume']);
  expect(task.audit).toMatchObject([
    { command: 'pause', by: 'a', result: 'done' },
    { command: 'resume', by: 'b', result: 'done' },
  ]);
});

test('the same operation is the same one while it waits, while it is carried out, and when it is done', async () => {
  const { task, inbox: box } = inbox();
  const first = box.put(pause('x'));
  expect(box.put(pause('x'))).toBe(first);
  await box.executeNext(() => {
    expect(box.put(pause('x'))).toBe(first);
    return Promise.resolve(DONE);
  });
  expect(box.isEmpty).toBe(true);
  expect(box.put(pause('x')).answer).toEqual(DONE);
  expect(box.put({ name: 'stop', input: { operationId: 'x' } }).answer).toMatchObject({ done: false });
  expect(task.audit.map(({ result }) => result)).toEqual([
    'done',
    'refused: operationId x was already used for pause; choose another',
  ]);
});

test('a refusal is an answer, and is noted', async () => {
  const { task, inbox: box } = inbox();
  const operation = box.put(pause());
  await box.executeNext(() => Promise.resolve({ done: false, reason: 'no' }));
  expect(operation).toMatchObject({ id: 'pause-1', answer: { done: false, reason: 'no' } });
  expect(task.refusals).toEqual([`${NOW} pause: no`]);
});

test('what is kept is bounded', async () => {
  const { task, inbox: box } = inbox();
  for (let i = 0; i < 150; i++) box.put(pause());
  expect(task.refusals).toHaveLength(20);
  expect(task.refusals[0]).toContain('100 commands are waiting already');
  for (let i = 0; i < 300; i++) {
    box.put(pause(`op-${i}`));
    await box.executeNext(() => Promise.resolve(DONE));
  }
  expect(task.audit).toHaveLength(200);
  expect(task.answers).toHaveLength(200);
});
