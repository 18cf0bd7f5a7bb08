import { setTimeout as sleep } from 'node:timers/promises';
import { failoverId, type FailoverResult, type FailoverStatus } from '../src/replication/failover/messages.ts';
import { DemoFailed } from './failure.ts';
import { say } from './operator.ts';
import type { Scene } from './scene.ts';

const LOOK_EVERY_MS = 100;
const LIMIT_MS = 300_000;
const SEND_LIMIT_MS = 30_000;

/** `replicator failover NAME`, and what its workflow says of each step. */
export class Failover {
  readonly #scene: Scene;
  readonly #told = new Set<string>();
  #over: FailoverResult | undefined;
  #failure: Error | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  begin(): void {
    const { operator, name, signal, client, cleanup } = this.#scene;
    // nothing of the demo goes on in the background
    cleanup.add(async () => {
      await client.workflow
        .getHandle(failoverId(name))
        .terminate('the demo was ended')
        .catch(() => undefined);
    });
    const args = [
      'failover',
      name,
      '--fence',
      'external',
      '--json',
      '--by',
      'demo',
      '--reason',
      'the application moves',
    ];
    this.#running = say(operator, args, LIMIT_MS, signal).then(
      (printed) => {
        this.#over = JSON.parse(printed) as FailoverResult;
      },
      (error: unknown) => {
        this.#failure = error as Error;
      },
    );
  }

  async send(word: string): Promise<void> {
    const { operator, name, signal } = this.#scene;
    await say(operator, ['failover', name, '--send', word, '--by', 'demo'], SEND_LIMIT_MS, signal);
  }

  async untilDone(step: string): Promise<void> {
    await this.until(({ steps }) => steps.some(({ name, state }) => name === step && state === 'done'));
  }

  /** Tells of each step that is done until `reached`. @throws DemoFailed when it ends before */
  async until(reached: (status: FailoverStatus) => boolean): Promise<void> {
    for (;;) {
      this.#scene.signal.throwIfAborted();
      const isOver = this.#isOver();
      const status = await this.#status();
      if (status) {
        this.#tell(status);
        if (reached(status)) return;
      }
      if (isOver) throw new DemoFailed(`the failover ended before it was expected to: ${JSON.stringify(this.#over)}`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** @throws DemoFailed unless it ends well */
  async end(): Promise<FailoverResult> {
    await this.#running;
    this.#isOver();
    this.#tell(this.#over!);
    return this.#over!;
  }

  /** @throws what `replicator failover` complained of */
  #isOver(): boolean {
    if (this.#failure) throw this.#failure;
    return this.#over !== undefined;
  }

  /** `undefined` before it has begun. */
  async #status(): Promise<FailoverStatus | undefined> {
    const { client, name } = this.#scene;
    return await client.workflow
      .getHandle(failoverId(name))
      .query<FailoverStatus>('status')
      .catch(() => undefined);
  }

  #tell({ steps }: Pick<FailoverStatus, 'steps'>): void {
    for (const { name, state, result = '', tookMs = 0 } of steps) {
      if (state !== 'done' || this.#told.has(name)) continue;
      this.#told.add(name);
      this.#scene.screen.say(`            ${name.padEnd(16)}${(tookMs / 1000).toFixed(1).padStart(5)} s  ${result}`);
    }
  }
}
