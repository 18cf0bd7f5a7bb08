import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { assertPortsFree } from './ports.ts';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';
import { StackError } from './stack-error.ts';

/** How to run one server as a process that outlives us. */
export interface ServerSpec {
  readonly name: string;
  /** Its own: settings, data, log and the record of its process. */
  readonly folder: string;
  readonly ports: readonly number[];
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Settings, written into `folder` before each start: path -> content. */
  readonly files?: Readonly<Record<string, string>>;
  /** Asks once; must itself have a time-out. */
  readonly isReady: () => Promise<boolean>;
}

export interface ServerRecord extends ProcessIdentity {
  readonly ports: readonly number[];
}

const RECORD = 'server.json';
const STOP_PATIENCE_MS = 10_000;
const READY_TIMEOUT_MS = 180_000;
const POLL_MS = 100;

/** What was started last in this folder, whether or not it still runs. */
function readRecord(folder: string): ServerRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, RECORD), 'utf8')) as ServerRecord;
  } catch {
    return undefined;
  }
}

/** Folders in `home` in which a server was ever started. */
export function serverFolders(home: string): string[] {
  if (!existsSync(home)) return [];
  return readdirSync(home)
    .map((name) => join(home, name))
    .filter((folder) => readRecord(folder) !== undefined);
}

export function runningProcess(folder: string): ServerRecord | undefined {
  const record = readRecord(folder);
  return record && isRunning(record) ? record : undefined;
}

/** @throws StackError when a port of a server that does not run is taken, or one runs with other ports than these */
export async function assertStartable(specs: readonly ServerSpec[]): Promise<void> {
  for (const spec of specs) {
    const running = runningProcess(spec.folder);
    if (!running) await assertPortsFree(spec.ports, spec.name);
    else if (running.ports.join() !== spec.ports.join())
      throw new StackError(
        `${spec.name} in ${spec.folder} already runs on ports ${running.ports.join(', ')}, not ${spec.ports.join(', ')}; run \`replicator stack down\` first`,
      );
  }
}

/**
 * Starts the server unless it runs already; does not wait until it is ready.
 * @returns whether it was started now
 * @throws StackError as `assertStartable`
 */
export async function startServer(spec: ServerSpec): Promise<boolean> {
  await assertStartable([spec]);
  if (runningProcess(spec.folder)) return false;
  for (const [path, content] of Object.entries(spec.files ?? {})) {
    const file = join(spec.folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  await rm(temporaryFolder(spec.folder), { recursive: true, force: true });
  await mkdir(temporaryFolder(spec.folder), { recursive: true });
  await spawnRecorded(spec);
  return true;
}

async function spawnRecorded(spec: ServerSpec): Promise<void> {
  const log = openSync(logFile(spec.folder), 'a');
  const child = spawn(spec.command, spec.args, {
    cwd: spec.folder,
    detached: true,
    env: { ...process.env, TMPDIR: temporaryFolder(spec.folder), ...spec.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  if (child.pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    throw new StackError(`cannot start ${spec.name} with ${spec.command}: ${error.message}`);
  }
  const identity = identify(child.pid);
  if (!identity) throw new StackError(`${spec.name} ended at once${lastLogLines(spec.folder)}`);
  const record: ServerRecord = { ...identity, ports: spec.ports };
  writeFileSync(join(spec.folder, RECORD), JSON.stringify(record));
}

/** @throws StackError with the end of its log when it ends, or is not ready in time */
export async function waitUntilReady(spec: ServerSpec, timeoutMs = READY_TIMEOUT_MS): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await spec.isReady())) {
    if (!runningProcess(spec.folder)) throw new StackError(`${spec.name} ended${lastLogLines(spec.folder)}`);
    if (Date.now() > deadline)
      throw new StackError(`${spec.name} was not ready after ${timeoutMs / 1000} s${lastLogLines(spec.folder)}`);
    await delay(POLL_MS);
  }
}

/** Sends a signal to the server of this folder. @returns false when it does not run */
export function signalServer(folder: string, signal: NodeJS.Signals): boolean {
  const running = runningProcess(folder);
  if (!running) return false;
  try {
    process.kill(running.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Stops the server of this folder: SIGTERM, then SIGKILL after `patienceMs`. Fine when it does not run.
 * @returns whether it ran
 */
export async function stopServer(folder: string, patienceMs = STOP_PATIENCE_MS): Promise<boolean> {
  if (!signalServer(folder, 'SIGTERM')) return false;
  // A frozen process gets the signal only when it is woken.
  signalServer(folder, 'SIGCONT');
  const killAt = Date.now() + patienceMs;
  while (runningProcess(folder)) {
    if (Date.now() > killAt) signalServer(folder, 'SIGKILL');
    await delay(POLL_MS / 2);
  }
  return true;
}

/** Where a server leaves its temporary files. Emptied before each start: one that was killed could not tidy up. */
export function temporaryFolder(folder: string): string {
  return join(folder, 'tmp');
}

export function logFile(folder: string): string {
  return join(folder, 'server.log');
}

function lastLogLines(folder: string): string {
  try {
    const lines = readFileSync(logFile(folder), 'utf8').trimEnd().split('\n').slice(-8);
    return `; ${logFile(folder)} ends with:\n  ${lines.join('\n  ')}`;
  } catch {
    return '';
  }
}
