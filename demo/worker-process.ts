import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DemoFailed } from './failure.ts';
import { CLI, type Operator } from './operator.ts';

const STARTED = '"msg":"worker started"';
const START_LIMIT_MS = 120_000;
const STOP_PATIENCE_MS = 15_000;

/** `replicator worker` in a process of its own, with its log in a file. */
export class WorkerProcess {
  readonly number: number;
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #ended: Promise<unknown>;
  #isExpectedToEnd = false;

  constructor(number: number, { config, environment }: Operator, folder: string) {
    this.number = number;
    this.#log = join(folder, `worker-${number}.log`);
    const log = openSync(this.#log, 'a');
    const env = { ...environment, LOG_LEVEL: 'info' };
    this.#child = spawn(process.execPath, [CLI, 'worker', '--config', config], { env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#ended = once(this.#child, 'exit').catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Resolves when it polls for work. @throws DemoFailed */
  async ready(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS;
    while (!readFileSync(this.#log, 'utf8').includes(STARTED)) {
      signal.throwIfAborted();
      this.assertRuns();
      if (performance.now() > deadline)
        throw new DemoFailed(
          `worker ${this.number} was not ready after ${START_LIMIT_MS / 1000} s${this.#lastWords()}`,
        );
      await sleep(100);
    }
  }

  /** @throws DemoFailed when it ended though nobody asked it to */
  assertRuns(): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (this.#isExpectedToEnd || (pid !== undefined && exitCode === null && signalCode === null)) return;
    throw new DemoFailed(`worker ${this.number} ended (${signalCode ?? `exit code ${exitCode}`})${this.#lastWords()}`);
  }

  /** SIGKILL: no chance to put anything in order. */
  async kill(): Promise<void> {
    this.#isExpectedToEnd = true;
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** Asks it to end, and after a while makes it. */
  async stop(): Promise<void> {
    this.#isExpectedToEnd = true;
    this.#child.kill('SIGTERM');
    const impatient = setTimeout(() => this.#child.kill('SIGKILL'), STOP_PATIENCE_MS);
    await this.#ended;
    clearTimeout(impatient);
  }

  #lastWords(): string {
    const lines = readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-5);
    return `; the last it said:\n  ${lines.join('\n  ')}`;
  }
}
