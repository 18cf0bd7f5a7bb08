import type { BlockedQueue, PumpReport, RepeatedCopies } from '../replication/messages.ts';
import { flowGroup } from '../replication/names.ts';
import type { PumpInput, PumpProgress, PumpResult } from '../replication/pump-messages.ts';
import { queueKey, type Cluster, type Destination, type OffsetSource } from '../transport/types.ts';
import { BrokerLane } from './broker-lane.ts';
import { ByteBudget, LIMITED_MEMORY } from './byte-budget.ts';
import { Counter } from './counter.ts';
import type { RepeatedRun } from './newest-copy.ts';
import { Outdated } from './problems.ts';
import { Quarantine } from './quarantine/quarantine.ts';
import { QueueCopier } from './queue-copier.ts';
import { RateLimiter } from './rate-limit.ts';
import { routes } from './routes.ts';
import { pause } from './time.ts';

const TICK_MS = 1000;
const REPORT_MS = 60_000;
/** Above this many queues a report leaves positions out, so that it stays small in history. */
const REPORTED_QUEUES = 256;
/** How many blocked queues are named in heartbeat details, which are sent each second. */
export const NAMED_BLOCKED = 100;

export interface PumpDependencies {
  readonly source: Cluster;
  readonly destination: Cluster;
  /** Names this attempt of this pump, and no other. */
  readonly owner: string;
  /** Names of the earlier attempts of this pump. */
  readonly formerOwners: readonly string[];
  /** The attempt before this one said that its locks are given back, and that nothing it sent can still arrive. */
  readonly isFormerAtRest: boolean;
  /** The number of this attempt, told in heartbeat details. */
  readonly attempt: number;
  /** Names this pump over all its attempts, told in reports. */
  readonly pump: string;
  /** Bytes of messages in memory, shared by all pumps of the process. */
  readonly budget: ByteBudget;
  /** Asks Temporal and the journal whether this attempt still counts, and does not come back before Temporal has answered. @throws Superseded */
  readonly assertCurrent: () => Promise<void>;
  readonly heartbeat: (progress: PumpProgress) => void;
  readonly report: (report: PumpReport) => Promise<void>;
  readonly cancelled: AbortSignal;
  /** How long this pump works before it ends by itself. */
  readonly stintMs: number;
}

/**
 * Moves the messages of a shard until it is cancelled, its stint is over, or it is superseded. When it resolves nothing is
 * under way, checkpoints are committed and the locks are given back.
 */
export async function runPump(input: PumpInput, dependencies: PumpDependencies): Promise<PumpResult> {
  const pump = new Pump(input, dependencies);
  try {
    return await pump.run();
  } finally {
    pump.close();
  }
}

class Pump {
  readonly #input: PumpInput;
  readonly #dependencies: PumpDependencies;
  readonly #source: OffsetSource;
  readonly #destination: Destination;
  readonly #counter = new Counter();
  readonly #copiers: readonly QueueCopier[];
  readonly #lanes: readonly BrokerLane[];
  readonly #superseded = new AbortController();
  /** Of the copiers whose checkpoints are just being committed. */
  readonly #committing = new Map<QueueCopier, Promise<void>>();
  /** Of the copiers whose checkpoints could not be committed the last time. */
  readonly #commitTroubles = new Map<QueueCopier, string>();
  #reportDue = 0;
  #reporting: Promise<void> | undefined;

  constructor(input: PumpInput, dependencies: PumpDependencies) {
    this.#input = input;
    this.#dependencies = dependencies;
    this.#source = dependencies.source.openSource();
    this.#destination = dependencies.destination.openDestination();
    this.#copiers = this.#createCopiers();
    this.#lanes = this.#createLanes();
  }

  async run(): Promise<PumpResult> {
    const { cancelled, stintMs } = this.#dependencies;
    const stint = AbortSignal.timeout(Math.round(stintMs));
    const stop = AbortSignal.any([cancelled, stint, this.#superseded.signal]);
    this.#reportDue = performance.now() + this.#reportEveryMs;
    // On its own, because checkpoints and reports may take longer than Temporal waits for a heartbeat.
    const beating = setInterval(() => {
      this.#dependencies.heartbeat(this.#progress());
    }, TICK_MS);
    try {
      await Promise.all([this.#tick(stop), ...this.#lanes.map((lane) => lane.run(stop))]);
    } finally {
      clearInterval(beating);
    }
    await this.#endIfSuperseded();
    if (this.#lanes.every(({ isAtRest }) => isAtRest))
      this.#dependencies.heartbeat({ ...this.#progress(), atRest: true });
    return {
      ended: cancelled.aborted ? 'cancelled' : 'stint',
      counters: this.#counter.growth(),
      repeats: this.#repeats().map(({ run }) => run),
      ...this.#positions(),
    };
  }

  /** One that knows too little is still the pump at work: what it copied is told before its failure is. @throws Superseded */
  async #endIfSuperseded(): Promise<void> {
    const { signal } = this.#superseded;
    if (signal.reason instanceof Outdated) await this.#report();
    signal.throwIfAborted();
  }

  close(): void {
    this.#source.close();
    this.#destination.close();
  }

  /** Once a second: checkpoints, and a report where one is due. None waits for the other: while Temporal is away a report takes long. */
  async #tick(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      for (const copier of this.#copiers)
        if (this.#isCommitDue(copier)) this.#committing.set(copier, this.#commit(copier));
      if (performance.now() >= this.#reportDue)
        this.#reporting ??= this.#report().finally(() => {
          this.#reporting = undefined;
        });
      await pause(TICK_MS, stop);
    }
    await Promise.all([...this.#committing.values(), this.#reporting]);
  }

  /** Trouble is over when a commit says so, also where nothing is left to commit. */
  #isCommitDue(copier: QueueCopier): boolean {
    return (copier.isCommitDue || this.#commitTroubles.has(copier)) && !this.#committing.has(copier);
  }

  /**
   * Checkpoints are hints: one that cannot be written is tried again with the next tick. Nothing waits for all of them, because a broker that
   * does not answer must hold up neither the checkpoints of the others nor the reports.
   */
  async #commit(copier: QueueCopier): Promise<void> {
    try {
      await copier.commit();
      this.#commitTroubles.delete(copier);
    } catch (error) {
      this.#commitTroubles.set(copier, `checkpoints: ${(error as Error).message}`);
    }
    this.#committing.delete(copier);
  }

  async #report(): Promise<void> {
    this.#reportDue = performance.now() + this.#reportEveryMs;
    const counters = this.#counter.total;
    const repeats = this.#repeats();
    const unseen = this.#keysOf(({ isUnseen }) => isUnseen);
    try {
      await this.#dependencies.report({
        source: this.#input.source,
        shard: this.#input.shard,
        pump: this.#dependencies.pump,
        blocked: this.#blocked(),
        ...(unseen.length > 0 && { unseen }),
        counters: this.#counter.growth(),
        repeats: repeats.map(({ run }) => run),
        troubles: this.#troubles(),
        ...this.#positions(),
      });
      this.#counter.reported(counters);
      for (const { copier, found } of repeats) copier.log.repeatsReported([found]);
    } catch {
      this.#reportDue = performance.now() + TICK_MS;
    }
  }

  /** All pumps of a flow together report about once a minute: each report adds to the workflow's history. */
  get #reportEveryMs(): number {
    return REPORT_MS * (this.#input.shards ?? 1);
  }

  #progress(): PumpProgress {
    const { copied, bytes } = this.#counter.total;
    const holder = this.#dependencies.attempt;
    const blocked = this.#keysOf(({ isUnseen, blocked: why }) => isUnseen || why !== undefined);
    const named = blocked.length > 0 && { blockedQueues: blocked.slice(0, NAMED_BLOCKED) };
    return { holder, copied, bytes, blocked: blocked.length, ...named, troubles: this.#troubles() };
  }

  #repeats(): { copier: QueueCopier; found: RepeatedRun; run: RepeatedCopies }[] {
    return this.#copiers.flatMap((copier) => {
      const { topic, broker, id } = copier.route.from;
      return copier.log.repeats.map((found) => ({ copier, found, run: { topic, broker, queue: id, ...found } }));
    });
  }

  #blocked(): BlockedQueue[] {
    return this.#copiers.flatMap(({ blocked }) => (blocked ? [blocked] : []));
  }

  #keysOf(which: (copier: QueueCopier) => boolean): string[] {
    return this.#copiers.filter(which).map(({ route }) => queueKey(route.from));
  }

  /** A few of the problems that are being retried; many queues of one broker tell the same. */
  #troubles(): string[] {
    const all = [
      ...[...this.#commitTroubles.values()].slice(0, 1),
      ...this.#lanes.map(({ trouble }) => trouble),
      ...this.#copiers.map(({ trouble }) => trouble),
    ];
    return all.filter((trouble) => trouble !== undefined).slice(0, 5);
  }

  #positions(): { next?: Record<string, number> } {
    if (this.#copiers.length > REPORTED_QUEUES) return {};
    const known = this.#copiers.filter(({ next }) => next !== undefined);
    return { next: Object.fromEntries(known.map(({ route, next }) => [queueKey(route.from), next!])) };
  }

  #createCopiers(): QueueCopier[] {
    const { budget, cancelled } = this.#dependencies;
    const [source, destination] = [this.#source, this.#destination];
    const quarantine = new Quarantine({
      source,
      destination,
      budget,
      signal: cancelled,
      inUse: this.#input.onPoison === 'quarantine',
    });
    const limiter = new RateLimiter(this.#input.rateLimit);
    const copyBudget = limiter.isLimited ? new ByteBudget(LIMITED_MEMORY) : budget;
    const believedBlocked = new Set(this.#input.blocked);
    return routes(this.#input).map(
      (route) =>
        new QueueCopier({
          source,
          destination,
          destinationCluster: this.#input.destination,
          route,
          tags: this.#input.tags,
          onGap: this.#input.onGap,
          onPoison: this.#input.onPoison,
          quarantine,
          budget,
          copyBudget,
          limiter,
          counter: this.#counter,
          believedBlocked: believedBlocked.has(queueKey(route.from)),
          onNews: () => {
            this.#reportDue = 0;
          },
        }),
    );
  }

  #createLanes(): BrokerLane[] {
    const { owner, formerOwners, isFormerAtRest, assertCurrent } = this.#dependencies;
    const brokers = new Set(this.#copiers.map(({ route }) => route.to.broker));
    return [...brokers].map(
      (broker) =>
        new BrokerLane({
          destination: this.#destination,
          broker,
          group: flowGroup(this.#input),
          owner,
          formerOwners,
          isFormerAtRest,
          copiers: this.#copiers.filter(({ route }) => route.to.broker === broker),
          assertCurrent,
          onSuperseded: (reason) => {
            this.#superseded.abort(reason);
          },
        }),
    );
  }
}
