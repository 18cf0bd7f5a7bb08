import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { identify, isRunning } from '../../../src/stack/process-identity.ts';

test('a process is known until it ends', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const identity = identify(child.pid!)!;
  expect(isRunning(identity)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isRunning(identity)).toBe(false);
  expect(identify(child.pid!)).toBeUndefined();
});

test('another process with the same ID is not taken for it', () => {
  const own = identify(process.pid)!;
  expect(isRunning(own)).toBe(true);
  expect(isRunning({ ...own, started: `${own.started}0` })).toBe(false);
});
