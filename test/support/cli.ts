import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { TestStack } from './servers.ts';

export const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** From start to end. ms */
  readonly tookMs: number;
}

/** Runs the built command line as an operator does, in a process of its own. */
export async function cli(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const began = performance.now();
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'close') as Promise<[number]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr, tookMs: performance.now() - began };
}

/** The command line with the configuration and the Temporal of a stack, whose answers are JSON. */
export function cliOf(stack: TestStack) {
  return (...args: string[]) =>
    cli([...args, '--config', stack.config, '--json'], { TEMPORAL_ADDRESS: stack.temporal.address });
}
