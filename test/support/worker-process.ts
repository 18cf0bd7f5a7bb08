import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { WorkerRole } from '../../src/config/schema.ts';
import type { TestStack } from './servers.ts';
import type { Strikes } from './strikes.ts';

const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const END_WITH_PARENT = new URL('./end-with-parent.mjs', import.meta.url).href;
const START_LIMIT_MS = 120_000;

/** A worker as an operator runs it: `replicator worker`, a process of its own, from the built code. */
export class WorkerProcess {
  /** The last lines that it logged. */
  readonly log: string[] = [];
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Resolves when it says that it works. */
  static async start(
    stack: TestStack,
    config = stack.config,
    role: WorkerRole = 'all',
    strikes?: Strikes,
  ): Promise<WorkerProcess> {
    const args = [
      '--import',
      END_WITH_PARENT,
      ...(strikes?.nodeArgs ?? []),
      CLI,
      'worker',
      '--config',
      config,
      '--role',
      role,
    ];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, TEMPORAL_ADDRESS: stack.temporal.address, ...strikes?.env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const worker = new WorkerProcess(child);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error(`no worker after ${START_LIMIT_MS} ms:\n${worker.log.join('\n')}`));
      }, START_LIMIT_MS);
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the worker ended with ${code}:\n${worker.log.join('\n')}`));
      });
      createInterface(child.stderr!).on('line', (line) => {
        worker.log.push(line);
        if (worker.log.length > 200) worker.log.shift();
        if (!line.includes('worker started')) return;
        clearTimeout(timer);
        resolve();
      });
    });
    return worker;
  }

  get pid(): number {
    return this.#process.pid!;
  }

  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process.kill('SIGCONT');
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As a supervisor ends it: it gives its locks back. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.hasEnded) return;
    this.#process.kill(signal);
    await once(this.#process, 'exit');
  }
}
