import { afterAll, beforeAll } from 'vitest';
import { eventually } from './eventually.ts';
import type { TestStack } from './servers.ts';
import { type Strike, Strikes } from './strikes.ts';
import { WorkerProcess } from './worker-process.ts';

/** One worker for pumps; and one for workflows and the activities of failovers, which is struck there. */
export class StruckWorkers {
  readonly strikes: Strikes;
  /** The one that is struck. */
  control: WorkerProcess;
  readonly #stack: TestStack;
  readonly #pumps: WorkerProcess;

  private constructor(stack: TestStack, strikes: Strikes, pumps: WorkerProcess, control: WorkerProcess) {
    this.#stack = stack;
    this.strikes = strikes;
    this.#pumps = pumps;
    this.control = control;
  }

  static async start(stack: TestStack): Promise<StruckWorkers> {
    const strikes = await Strikes.create();
    const pumps = await WorkerProcess.start(stack, stack.config, 'pump');
    return new StruckWorkers(stack, strikes, pumps, await startControl(stack, strikes));
  }

  async startControl(): Promise<void> {
    this.control = await startControl(this.#stack, this.strikes);
  }

  /**
   * Waits for the blow that was ordered to kill, or for `result` where that is there before it; another worker goes on, and meets the `next` blow.
   * @returns the activity that was struck, if one was
   */
  async outliveBlow(result: Promise<unknown>, limitMs: number, next?: Strike): Promise<string | undefined> {
    const struck = await Promise.race([
      result.then(() => undefined),
      eventually(limitMs, () => this.control.hasEnded).then(() => this.strikes.struck()),
    ]);
    await this.strikes.goOn();
    if (struck === undefined) return undefined;
    if (next) await this.strikes.strikeAt(next);
    await this.startControl();
    return struck;
  }

  async close(): Promise<void> {
    await this.strikes.goOn();
    await this.control.stop();
    await this.#pumps.stop();
    await this.strikes.close();
  }
}

function startControl(stack: TestStack, strikes: Strikes): Promise<WorkerProcess> {
  return WorkerProcess.start(stack, stack.config, 'control', strikes);
}

/** For all tests of the file. */
export function useStruckWorkers(stack: TestStack): () => StruckWorkers {
  let workers: StruckWorkers | undefined;
  beforeAll(async () => {
    workers = await StruckWorkers.start(stack);
  });
  afterAll(() => workers?.close());
  return () => workers!;
}
