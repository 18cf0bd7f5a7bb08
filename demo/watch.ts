import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { ReplicationStatus } from '../src/replication/messages.ts';
import { workflowId } from '../src/replication/names.ts';
import type { ClusterAdmin, Queue } from '../src/transport/types.ts';
import { DemoFailed } from './failure.ts';
import type { Screen } from './screen.ts';
import { thousands } from './text.ts';

const SAMPLE_MS = 500;
const QUERY_LIMIT_MS = 3000;

/** How things stand: messages in the logs of both sides. */
export interface Sample {
  readonly produced: number;
  readonly copied: number;
  readonly lag: number;
}

export interface WatchOptions {
  readonly name: string;
  readonly source: ClusterAdmin;
  readonly destination: ClusterAdmin;
  readonly from: readonly Queue[];
  readonly to: readonly Queue[];
  readonly client: Client;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  /** Throws when something that must run does not. */
  readonly assertAll: () => void;
}

/** Looks at the copying from outside, twice a second: offsets in RocketMQ, and what the workflow says. */
export class Watch {
  readonly #options: WatchOptions;
  #status: ReplicationStatus | undefined;
  #asking = false;
  #previous: { readonly at: number; readonly copied: number } | undefined;
  #rate = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Shows how things stand until `reached`. @throws DemoFailed after `limitMs`, saying what the replication says */
  async until(what: string, limitMs: number, reached: (sample: Sample) => boolean): Promise<void> {
    const { signal, screen, assertAll } = this.#options;
    const deadline = performance.now() + limitMs;
    for (;;) {
      let trouble = '';
      signal.throwIfAborted();
      assertAll();
      void this.#ask();
      try {
        const sample = await this.#sample();
        screen.live(this.#line(sample));
        if (reached(sample)) return;
      } catch (error) {
        trouble = `; ${(error as Error).message}`;
      }
      if (performance.now() > deadline)
        throw new DemoFailed(`${what}: not within ${limitMs / 1000} s; ${this.#said()}${trouble}`);
      await sleep(SAMPLE_MS, undefined, { signal });
    }
  }

  /** Which process runs the pump now, as Temporal knows it: `pid@host`. */
  async pumpWorker(): Promise<string | undefined> {
    const { client, name } = this.#options;
    const { raw } = await client.workflow.getHandle(workflowId(name)).describe();
    return (
      raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'pump')?.lastWorkerIdentity ?? undefined
    );
  }

  async #sample(): Promise<Sample> {
    const { source, destination, from, to } = this.#options;
    const [produced, copied] = await Promise.all([stored(source, from), stored(destination, to)]);
    const at = performance.now();
    if (this.#previous) this.#rate = ((copied - this.#previous.copied) * 1000) / (at - this.#previous.at);
    this.#previous = { at, copied };
    return { produced, copied, lag: Math.max(0, produced - copied) };
  }

  /** Nobody answers while the worker is dead, so nothing waits for it. */
  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { client, name } = this.#options;
    this.#status = await client
      .withDeadline(Date.now() + QUERY_LIMIT_MS, () =>
        client.workflow.getHandle(workflowId(name)).query<ReplicationStatus>('status'),
      )
      .catch(() => undefined);
    this.#asking = false;
  }

  #line({ produced, copied, lag }: Sample): string {
    const columns = [
      `produced ${thousands(produced, 9)}`,
      `copied ${thousands(copied, 9)}`,
      `lag ${thousands(lag, 7)}`,
      `${thousands(Math.round(this.#rate), 7)}/s`,
      this.#status?.health ?? 'no answer from a worker',
    ];
    return `            ${columns.join('   ')}`;
  }

  #said(): string {
    if (!this.#status) return 'no worker answers for the replication';
    const { health, troubles, blocked } = this.#status;
    return [`it is ${health}`, ...troubles, ...blocked.map(({ reason }) => reason)].join('; ');
  }
}

async function stored(admin: ClusterAdmin, queues: readonly Queue[]): Promise<number> {
  const ranges = await Promise.all(queues.map((queue) => admin.range(queue)));
  return ranges.reduce((sum, { max }) => sum + max, 0);
}
