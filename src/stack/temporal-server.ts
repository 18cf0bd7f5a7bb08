import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RETENTION_DAYS } from './definitions.ts';
import { accepts } from './probe.ts';
import type { ServerSpec } from './server.ts';

const run = promisify(execFile);

/** What the dev server is started with, apart from where it listens and keeps its database. */
export const TEMPORAL_ARGS = ['server', 'start-dev', '--log-level', 'warn'] as const;

/** Temporal's dev server with its UI and a database file. */
export function temporalServer(cli: string, home: string, port: number, uiPort: number): ServerSpec {
  const folder = join(home, 'temporal');
  return {
    name: 'temporal',
    folder,
    ports: [port, uiPort],
    command: cli,
    args: [
      ...TEMPORAL_ARGS,
      ...['--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
      ...['--db-filename', join(folder, 'temporal.db')],
    ],
    env: WITHOUT_USER_SETTINGS,
    isReady: async () => (await accepts(port)) && (await succeeds(cli, port, ['operator', 'cluster', 'health'])),
  };
}

/** The dev server keeps closed workflows for a day; an audit trail needs longer. */
export async function keepClosedWorkflows(cli: string, port: number): Promise<void> {
  await temporal(cli, port, [
    ...['operator', 'namespace', 'update', '--namespace', 'default'],
    ...['--retention', `${RETENTION_DAYS}d`],
  ]);
}

async function succeeds(cli: string, port: number, args: string[]): Promise<boolean> {
  try {
    await temporal(cli, port, args);
    return true;
  } catch {
    return false;
  }
}

function temporal(cli: string, port: number, args: string[]): Promise<unknown> {
  return run(cli, [...args, '--address', `127.0.0.1:${port}`, '--command-timeout', '5s'], {
    timeout: 10_000,
    env: { ...process.env, ...WITHOUT_USER_SETTINGS },
  });
}

/** The user's environment may speak of another Temporal, with TLS and keys; it is not meant for this one. */
const WITHOUT_USER_SETTINGS = {
  TEMPORAL_ADDRESS: '',
  TEMPORAL_NAMESPACE: '',
  TEMPORAL_API_KEY: '',
  TEMPORAL_PROFILE: '',
  TEMPORAL_CONFIG_FILE: '',
  TEMPORAL_TLS: '',
};
