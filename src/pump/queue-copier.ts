import type { BlockedQueue } from '../replication/messages.ts';
import { isRetryTopic } from '../replication/retry-topics.ts';
import { TransportError } from '../transport/errors.ts';
import { queueKey, type Destination, type OffsetSource } from '../transport/types.ts';
import { Annotator, type Tag } from './annotate.ts';
import { BatchBuilder, type BuiltBatch } from './batch-builder.ts';
import { explainMoved, queueGone } from './block-reasons.ts';
import { Blocking } from './blocking.ts';
import type { ByteBudget } from './byte-budget.ts';
import { Checkpoints } from './checkpoints.ts';
import type { Counter } from './counter.ts';
import { describeBlock } from './describe-block.ts';
import { DestinationLog } from './destination-log.ts';
import type { Lease } from './lease.ts';
import { checkHistory, wasReplaced } from './history-check.ts';
import { LeaseLost, NewerGeneration, QueueBlocked } from './problems.ts';
import { PullAhead } from './pull-ahead.ts';
import { quarantineQueue } from './quarantine/entry.ts';
import type { Quarantine } from './quarantine/quarantine.ts';
import { SEND_QUEUE_DRAIN_MS } from './queue-lock.ts';
import { QueueSends } from './queue-sends.ts';
import type { RateLimiter } from './rate-limit.ts';
import { nextOffset, type Route } from './read-back.ts';
import { aborted, Backoff, pause } from './time.ts';

/** Enough to hide a round trip from a limited flow, few enough to leave the memory to others. */
const PULLS_IN_FLIGHT_LIMITED = 2;
/** A queue that has nothing to copy, and that nothing has stood in the way of for so long, is not blocked (any more). */
const UNBLOCKED_MS = 1000;

export interface CopierOptions {
  readonly source: OffsetSource;
  readonly destination: Destination;
  readonly destinationCluster: string;
  readonly route: Route;
  readonly tags: readonly Tag[];
  readonly onGap: 'block' | 'skip';
  readonly onPoison: 'block' | 'quarantine';
  readonly quarantine: Quarantine;
  /** For what is read back. */
  readonly budget: ByteBudget;
  /** For what is being copied: it may be kept until the limiter lets it pass. */
  readonly copyBudget: ByteBudget;
  readonly limiter: RateLimiter;
  readonly counter: Counter;
  /** The replication believes that the queue is blocked, by what an earlier pump told. */
  readonly believedBlocked: boolean;
  /** Called when there is something to report at once: the queue blocks or is free again, or copies were found twice. */
  readonly onNews: () => void;
}

/**
 * Copies one queue. There is one way to begin, and it is the same after every trouble: read back from the destination what was
 * copied last, then copy on behind it. One batch at a time is under way; the next is built meanwhile.
 */
export class QueueCopier {
  /** What is wrong and being retried. */
  trouble: string | undefined;
  /** Next source offset: everything before it is in the destination log or was passed over. */
  next: number | undefined;
  readonly log: DestinationLog;
  readonly #options: CopierOptions;
  readonly #annotator: Annotator;
  readonly #blocking: Blocking;
  /** The reading back of the log from which `next` follows. */
  #readBacks = 0;
  #copyingSince = Infinity;
  #stopReading: (() => void) | undefined;
  /** Source offset up to which pumps before this one have counted what they left out (R7). */
  #loopsCountedTo: number | undefined;
  /** A broker looked at the last request and refused it: the destination queue may be gone, to which one can neither send nor read from it. */
  #refused = false;
  #skipTo: number;
  readonly #sends: QueueSends;
  readonly #checkpoints: Checkpoints;

  constructor(options: CopierOptions) {
    this.#options = options;
    const { source, destination, route, budget, counter, onNews } = options;
    this.#skipTo = route.skipTo;
    this.#blocking = new Blocking(options.believedBlocked, onNews);
    this.#sends = new QueueSends(destination, route.to.broker, counter);
    this.#checkpoints = new Checkpoints(source, destination, route);
    this.log = new DestinationLog({ destination, route, budget, onRepeats: onNews });
    this.#annotator = new Annotator(route.source, options.destinationCluster, options.tags);
  }

  get route(): Route {
    return this.#options.route;
  }

  get blocked(): BlockedQueue | undefined {
    return this.#blocking.blocked;
  }

  /** Whether an earlier pump told that it is blocked, and this one knows nothing of it yet. */
  get isUnseen(): boolean {
    return this.#blocking.isUnseen;
  }

  /** What it sent last may still arrive. */
  get isUnanswered(): boolean {
    return this.#sends.isUnanswered;
  }

  /** Copies until `until` aborts, retrying what can be retried. When it resolves nothing is under way any more, but for what is unanswered. */
  async run(until: AbortSignal, lease: Lease): Promise<void> {
    const backoff = new Backoff();
    while (!until.aborted) {
      try {
        await this.#readBack(until);
        await this.#copy(until, lease, backoff).catch((error: unknown) => this.#setAside(error, lease));
      } catch (error) {
        if (until.aborted as boolean) break;
        if (error instanceof QueueBlocked && this.#passOver(error)) continue;
        if (error instanceof QueueBlocked || error instanceof NewerGeneration) await this.#block(error, until);
        else {
          this.#refused = error instanceof TransportError && error.answered;
          this.trouble = `queue ${queueKey(this.route.from)}: ${(error as Error).message}`;
          await backoff.wait(until);
        }
      }
    }
    // Whoever gets the locks next should find what this queue sent last. A broker that is frozen may store it later still.
    if (this.isUnanswered) await pause(SEND_QUEUE_DRAIN_MS);
  }

  /** Whether `commit` has anything to do. It is asked each second of each queue, also of thousands that are idle. */
  get isCommitDue(): boolean {
    if (this.#blocking.isBelieved || this.log.isDue) return true;
    return this.next !== undefined && this.#checkpoints.areBehind(this.next, this.log.checkpoint);
  }

  /** Commits both checkpoints if they have moved. @throws TransportError */
  async commit(): Promise<void> {
    await this.log.rememberLoss();
    // What is written behind it from now on is read before the next commit.
    const readTo = this.log.checkpoint;
    await this.#readUnread();
    if (performance.now() - this.#copyingSince > UNBLOCKED_MS) this.#works();
    if (this.next === undefined) return;
    const readBacks = this.#readBacks;
    const moved = await this.#checkpoints.commit(this.next, this.log.checkpoint === undefined ? undefined : readTo);
    this.log.checkpointFollows(readBacks);
    if (!moved) await this.log.lookForLateWrites();
  }

  /** Where that shows another pump at work the reading is ended: what follows reads back. */
  async #readUnread(): Promise<void> {
    try {
      await this.log.readUnread();
    } catch (error) {
      this.#stopReading?.();
      throw error;
    }
  }

  async #readBack(until: AbortSignal): Promise<void> {
    const { source, destination, route } = this.#options;
    await this.#sends.waitOut(until);
    if (this.#refused && !(await destination.holdsQueue(route.to))) throw queueGone(route.to, await this.#standsAt());
    this.#refused = false;
    await this.log.readBack(until);
    const quarantined = await this.#options.quarantine.newest(route);
    this.#sends.settle({ copied: this.log.newest?.sourceOffset ?? -1, quarantined });
    const next = await nextOffset(source, { ...route, skipTo: this.#skipTo }, this.log.evidence!, until);
    this.#loopsCountedTo ??= (await source.committed(route.group, route.from)) ?? 0;
    const standsAt = this.next ?? this.#loopsCountedTo;
    // What is lost is copied again, but not into a queue that is gone: that looks empty, too.
    if (!this.log.newest && next < standsAt && !(await destination.holdsQueue(route.to)))
      throw queueGone(route.to, standsAt);
    this.next = Math.max(next, quarantined + 1);
    this.#readBacks = this.log.readBacks;
    await this.#checkHistory(until);
    this.trouble = undefined;
  }

  /** R8: what was copied last must still be what the source holds. */
  async #checkHistory(until: AbortSignal): Promise<void> {
    const { source, route } = this.#options;
    const { newest } = this.log;
    if (newest) await checkHistory(source, route.from, this.log.place(until), newest);
  }

  async #copy(until: AbortSignal, lease: Lease, backoff: Backoff): Promise<void> {
    const { source, destination, route, copyBudget: budget, limiter } = this.#options;
    const from = this.next!;
    const isRetry = isRetryTopic(route.to.topic);
    const limits = await destination.batchLimits(route.to.broker);
    const pace = limiter.isLimited ? { pullsInFlight: PULLS_IN_FLIGHT_LIMITED } : {};
    const reading = new PullAhead({ reader: source, queue: route.from, from, budget, ...pace });
    const stop = () => {
      reading.close();
    };
    until.addEventListener('abort', stop, { once: true });
    this.#stopReading = stop;
    this.#copyingSince = performance.now();
    let sending = Promise.resolve();
    const builder = new BatchBuilder({
      reading,
      annotator: this.#annotator,
      from,
      limits,
      targetBytes: () => this.#sends.batchBytes,
      maxMessages: () => (isRetry || this.#sends.goesAlone(this.next!) ? 1 : limiter.batchMessages),
      budget,
      assertUnchanged: async (read) => {
        if (!read) await this.#checkHistory(until);
        else if (await wasReplaced(source, route.from, read))
          throw new Error(
            `the source holds another message at offset ${read.queueOffset} than was read there; reading back`,
          );
      },
      moved: async (at, answer) => {
        throw await explainMoved(source, route.from, at, answer);
      },
    });
    try {
      while (!until.aborted) {
        const built = await builder.next();
        await sending;
        await limiter.take(built.batch.bytes, built.batch.messages, until);
        until.throwIfAborted();
        sending = this.#write(built, lease).then(() => {
          backoff.reset();
        });
        // A send that fails ends the reading at once, also where that waits for new messages.
        sending.catch(stop);
        builder.sendingUntil(sending);
      }
    } catch (error) {
      // What went wrong with the send is the cause, if anything did.
      await sending;
      throw error;
    } finally {
      this.#stopReading = undefined;
      this.#copyingSince = Infinity;
      until.removeEventListener('abort', stop);
      reading.close();
      builder.close();
    }
  }

  async #write({ batch, lastOffset, next, loopSkipped, release }: BuiltBatch, lease: Lease): Promise<void> {
    const { route, counter } = this.#options;
    if (batch.messages > 0) {
      await this.log.beforeSend();
      if (!lease.valid) throw new LeaseLost();
      const offset = await this.log.sending(this.#sends.send('copied', route.to, batch, lastOffset));
      this.log.stored(offset, batch.messages, lastOffset);
    }
    release();
    this.next = next;
    counter.add({ loopSkipped: Math.min(loopSkipped, Math.max(0, next - this.#loopsCountedTo!)) });
    this.#works();
  }

  /** By policy `onPoison: quarantine` a message that cannot be copied gets an entry, behind which copying goes on (R9). */
  async #setAside(error: unknown, lease: Lease): Promise<void> {
    const { route, onPoison, quarantine } = this.#options;
    if (onPoison !== 'quarantine' || !(error instanceof QueueBlocked) || error.kind !== 'poison') throw error as Error;
    const entry = await quarantine.entryFor(route, error);
    if (!entry) return;
    if (!lease.valid) throw new LeaseLost();
    await this.#sends.send('quarantined', quarantineQueue(route.to.broker), entry, error.at);
    this.next = error.at + 1;
    this.#works();
  }

  /** The source offset that is to be copied next, where the destination cannot be asked. */
  async #standsAt(): Promise<number> {
    const { source, route } = this.#options;
    return this.next ?? (await source.committed(route.group, route.from)) ?? route.start ?? 0;
  }

  /** By policy `onGap: skip` a gap is counted and passed over. */
  #passOver({ kind, at, to }: QueueBlocked): boolean {
    if (kind !== 'gap' || to === undefined || this.#options.onGap === 'block') return false;
    this.#options.counter.add({ gapSkipped: to - at });
    this.#skipTo = to;
    return true;
  }

  /** Tells why, and waits: only an operator can help, and then another pump begins. */
  async #block(error: QueueBlocked | NewerGeneration, until: AbortSignal): Promise<void> {
    await this.log.rememberLoss().catch(() => undefined);
    const { source, route } = this.#options;
    const context = { source, route, place: this.log.place(until), newest: this.log.newest };
    const blocked = await describeBlock(error, context);
    this.trouble = undefined;
    this.#blocking.begin(blocked);
    await aborted(until);
  }

  #works(): void {
    this.trouble = undefined;
    this.#blocking.end();
  }
}
