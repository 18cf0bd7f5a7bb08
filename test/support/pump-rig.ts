import { ByteBudget } from '../../src/pump/byte-budget.ts';
import { runPump } from '../../src/pump/pump.ts';
import { addCounters, NO_COUNTERS, type PumpReport, type RepeatedCopies } from '../../src/replication/messages.ts';
import type { PumpInput, PumpProgress, PumpResult } from '../../src/replication/pump-messages.ts';
import { queueKey, type Cluster, type Queue } from '../../src/transport/types.ts';
import { eventually } from './eventually.ts';

export interface PumpRigOptions {
  readonly source: Cluster;
  readonly destination: Cluster;
  readonly topic: string;
  readonly fromBroker: string;
  readonly toBroker: string;
  readonly queues: number;
}

let attempts = 0;

/** A pump of this process, without Temporal: one shard, one to one. Each `start` is a new attempt. */
export class PumpRig {
  readonly queues: readonly Queue[];
  readonly copies: readonly Queue[];
  readonly name: string;
  progress: PumpProgress | undefined;
  /** The newest. */
  report: PumpReport | undefined;
  /** Of all reports. */
  readonly repeats: RepeatedCopies[] = [];
  /** See `PumpDependencies`. */
  assertCurrent: () => Promise<void> = () => Promise.resolve();
  readonly #options: PumpRigOptions;
  readonly #owners: string[] = [];
  /** Of the reports since the last `start`. */
  #reported = NO_COUNTERS;
  #stop = new AbortController();
  #running: Promise<PumpResult> | undefined;

  constructor(options: PumpRigOptions) {
    this.#options = options;
    this.name = `rig-${process.pid}-${attempts++}`;
    const numbers = Array.from({ length: options.queues }, (_, id) => id);
    this.queues = numbers.map((id) => ({ topic: options.topic, broker: options.fromBroker, id }));
    this.copies = numbers.map((id) => ({ topic: options.topic, broker: options.toBroker, id }));
  }

  get source(): Cluster {
    return this.#options.source;
  }

  get group(): string {
    const { source, destination } = this.#options;
    return `REPLICATOR_${this.name}_${source.name}_${destination.name}`;
  }

  /** Creates topic and group on both sides. */
  async prepare(): Promise<void> {
    const { source, destination, topic, fromBroker, toBroker, queues } = this.#options;
    for (const [{ admin }, broker] of [
      [source, fromBroker],
      [destination, toBroker],
    ] as const) {
      const size = { readQueues: queues, writeQueues: queues, perm: 6, order: false, attributes: {} };
      await admin.putTopic(broker, topic, size);
      await admin.createGroup(this.group);
      await eventually(30_000, async () => (await admin.topic(topic)) !== undefined);
    }
  }

  start(input: Partial<PumpInput> = {}): void {
    const { source, destination, topic, fromBroker, toBroker, queues } = this.#options;
    this.#stop = new AbortController();
    const owner = `${this.name}/${this.#owners.length}`;
    const formerOwners = this.#owners.splice(0);
    this.#owners.push(...formerOwners, owner);
    const isFormerAtRest = this.progress?.atRest === true;
    this.progress = undefined;
    this.#reported = NO_COUNTERS;
    this.#running = runPump(
      {
        replication: this.name,
        source: source.name,
        destination: destination.name,
        epoch: 1,
        revision: 0,
        shard: 0,
        queues: [{ topic, from: { broker: fromBroker, queue: 0 }, to: { broker: toBroker, queue: 0 }, count: queues }],
        starts: Object.fromEntries(this.queues.map((queue) => [queueKey(queue), 0])),
        skips: {},
        histories: {},
        tags: [],
        onGap: 'block',
        onPoison: 'block',
        rateLimit: {},
        ...input,
      },
      {
        source,
        destination,
        owner,
        formerOwners,
        isFormerAtRest,
        attempt: this.#owners.length,
        pump: this.name,
        budget: new ByteBudget(64 * 1024 * 1024),
        assertCurrent: () => this.assertCurrent(),
        heartbeat: (progress) => {
          this.progress = progress;
        },
        report: (report) => {
          this.report = report;
          this.#reported = addCounters(this.#reported, report.counters);
          this.repeats.push(...(report.repeats ?? []));
          return Promise.resolve();
        },
        cancelled: this.#stop.signal,
        stintMs: 3_600_000,
      },
    );
    this.#running.catch(() => undefined);
  }

  /** As `ended`. */
  async stop(): Promise<PumpResult> {
    this.#stop.abort();
    return await this.ended();
  }

  /** Its counters are those since `start`, also what was reported in between. */
  async ended(): Promise<PumpResult> {
    const result = await this.#running!;
    return { ...result, counters: addCounters(this.#reported, result.counters) };
  }

  async copied(): Promise<number> {
    const ranges = await Promise.all(this.copies.map((queue) => this.#options.destination.admin.range(queue)));
    return ranges.reduce((sum, { max }) => sum + max, 0);
  }

  /** Waits until the destination holds so many messages. */
  async reaches(messages: number, limitMs: number): Promise<void> {
    await eventually(limitMs, async () => (await this.copied()) >= messages).catch(async () => {
      throw new Error(`${await this.copied()} of ${messages} after ${limitMs} ms; ${JSON.stringify(this.progress)}`);
    });
  }

  /** Waits until everything that the source holds is copied, by the pump's own checkpoints: a count would take repeats for copies. */
  async drained(limitMs: number): Promise<void> {
    const { admin } = this.#options.source;
    await eventually(limitMs, async () => {
      for (const queue of this.queues)
        if (((await admin.committed(this.group, queue)) ?? 0) < (await admin.range(queue)).max) return false;
      return true;
    });
  }
}
