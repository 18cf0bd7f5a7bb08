import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { ReplicationConfig } from '../src/replication/input.ts';
import type { StackStatus } from '../src/stack/stack-status.ts';
import { DemoFailed } from './failure.ts';

const execute = promisify(execFile);

/** `replicator`, as it was built. */
export const CLI = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));

const COMMAND_LIMIT_MS = 60_000;

/** Whoever types `replicator ...`: a configuration file, and the environment that leads to the stack's Temporal. */
export interface Operator {
  readonly config: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** Writes a configuration with one replication for the demo. Another Temporal that the environment may name plays no part. */
export async function equipOperator(
  folder: string,
  stack: StackStatus,
  name: string,
  replication: ReplicationConfig,
): Promise<Operator> {
  const config = join(folder, 'replicator.yaml');
  const { east, west } = stack.clusters;
  const clusters = {
    east: { kind: 'apache', nameServers: east.nameServers },
    west: { kind: 'apache', nameServers: west.nameServers },
  };
  await writeFile(config, stringify({ clusters, replications: { [name]: replication } }));
  const others = Object.entries(process.env).filter(([key]) => !key.startsWith('TEMPORAL_'));
  return {
    config,
    environment: {
      ...Object.fromEntries(others),
      TEMPORAL_ADDRESS: stack.temporal.address,
      // There is no such file, so nothing of the user's own profiles counts.
      TEMPORAL_CONFIG_FILE: join(folder, 'temporal.toml'),
    },
  };
}

/** Runs `replicator COMMAND NAME`. @throws DemoFailed with what the command said */
export async function give(
  operator: Operator,
  command: string,
  name: string,
  reason: string,
  signal: AbortSignal,
): Promise<void> {
  await say(operator, [command, name, '--by', 'demo', '--reason', reason], COMMAND_LIMIT_MS, signal);
}

/** Runs `replicator` with these arguments. @returns what it printed @throws DemoFailed with what it complained of */
export async function say(
  { config, environment }: Operator,
  args: readonly string[],
  timeout: number,
  signal: AbortSignal,
): Promise<string> {
  try {
    const { stdout } = await execute(process.execPath, [CLI, ...args, '--config', config], {
      ...{ env: environment, signal, timeout },
    });
    return stdout;
  } catch (error) {
    signal.throwIfAborted();
    const { stderr = '', message } = error as Error & { stderr?: string };
    const said = stderr.trim() === '' ? message : stderr.trim();
    throw new DemoFailed(`replicator ${args.slice(0, 2).join(' ')} failed: ${said}`, { cause: error });
  }
}
