import type { BlockedQueue } from '../replication/messages.ts';
import { TransportError } from '../transport/errors.ts';
import type { Batch, Destination, OffsetSource, PullAnswer } from '../transport/types.ts';
import { Annotator, type Tag } from './annotate.ts';
import { BatchBuilder, type BuiltBatch } from './batch-builder.ts';
import { BatchSize } from './batch-size.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { Counter } from './counter.ts';
import { DestinationLog } from './destination-log.ts';
import type { Lease } from './lease.ts';
import { checkHistory, findDivergence } from './history-check.ts';
import { CopiesLost, LeaseLost, NoMaster, QueueBlocked } from './problems.ts';
import { PullAhead } from './pull-ahead.ts';
import { quarantineQueue } from './quarantine/entry.ts';
import type { Quarantine } from './quarantine/quarantine.ts';
import { SEND_QUEUE_DRAIN_MS, SEND_TIMEOUT_MS } from './queue-lock.ts';
import type { RateLimiter } from './rate-limit.ts';
import { nextOffset, type Route } from './settle.ts';
import { aborted, Backoff, pause } from './time.ts';

/** Enough to hide a round trip from a limited flow, few enough to leave the memory to others. */
const PULLS_IN_FLIGHT_LIMITED = 2;
/** A source queue from which nothing came for so long may have been deleted, created again and filled meanwhile. */
const QUIET_MS = 100;

export interface CopierOptions {
  readonly source: OffsetSource;
  readonly destination: Destination;
  readonly destinationCluster: string;
  readonly route: Route;
  readonly tags: readonly Tag[];
  readonly onGap: 'block' | 'skip';
  readonly onPoison: 'block' | 'quarantine';
  readonly quarantine: Quarantine;
  readonly budget: ByteBudget;
  readonly limiter: RateLimiter;
  readonly counter: Counter;
  /** Called when there is something to report at once: the queue blocks or is free again, or copies were found twice. */
  readonly onNews: () => void;
}

/**
 * Copies one queue. There is one way to begin, and it is the same after every trouble: read back from the destination what was
 * copied last, then copy on behind it. One batch at a time is under way; the next is built meanwhile.
 */
export class QueueCopier {
  blocked: BlockedQueue | undefined;
  /** What is wrong and being retried. */
  trouble: string | undefined;
  /** Next source offset: everything before it is in the destination log or was passed over. */
  next: number | undefined;
  readonly log: DestinationLog;
  readonly #options: CopierOptions;
  readonly #annotator: Annotator;
  #stopReading: (() => void) | undefined;
  /** The broker looked at the last send and did not take it: the queue may be gone. */
  #refused = false;
  /** The outcome of the last send is unknown, and the broker may not have looked at it yet. */
  #unanswered = false;
  #skipTo: number;
  readonly #size = new BatchSize();
  /** A batch was refused: messages go one by one until this source offset is passed. */
  #singleUntil = -1;
  #committed: { next: number; newest: number | undefined } | undefined;

  constructor(options: CopierOptions) {
    this.#options = options;
    const { destination, route, budget, onNews } = options;
    this.#skipTo = route.skipTo;
    this.log = new DestinationLog({ destination, route, budget, onRepeats: onNews });
    this.#annotator = new Annotator(route.source, options.destinationCluster, options.tags);
  }

  get route(): Route {
    return this.#options.route;
  }

  /** Copies until `until` aborts, retrying what can be retried. When it resolves nothing is under way any more. */
  async run(until: AbortSignal, lease: Lease): Promise<void> {
    const backoff = new Backoff();
    while (!until.aborted) {
      try {
        await this.#readBack(until);
        await this.#copy(until, lease, backoff).catch((error: unknown) => this.#setAside(error, lease));
      } catch (error) {
        if (until.aborted as boolean) break;
        if (error instanceof QueueBlocked && !this.#passOver(error)) {
          await this.#block(error, until);
          await aborted(until);
        } else if (!(error instanceof QueueBlocked)) {
          this.trouble = `${this.#name}: ${(error as Error).message}`;
          await backoff.wait(until);
        }
      }
    }
    // Whoever gets the locks next must find what this queue sent last.
    if (this.#unanswered) await pause(SEND_QUEUE_DRAIN_MS);
  }

  /** Commits both checkpoints if they have moved. @throws TransportError */
  async commit(): Promise<void> {
    const { source, destination, route } = this.#options;
    await this.#readUnread();
    const next = this.next;
    const newest = this.log.checkpoint ?? this.#committed?.newest;
    if (next === undefined) return;
    if (this.#committed?.next === next && this.#committed.newest === newest) {
      await this.log.lookForLateWrites();
      return;
    }
    await source.commit(route.group, route.from, next);
    if (newest !== undefined) await destination.commit(route.group, route.checkpoint, newest);
    this.#committed = { next, newest };
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
    const { source, destination, route, counter } = this.#options;
    if (this.#unanswered) {
      // The wait counts from the broker's first sign of life: one that was frozen may find the request only when it wakes.
      await destination.dispatched(route.to.broker, SEND_TIMEOUT_MS);
      await pause(SEND_QUEUE_DRAIN_MS, until);
      until.throwIfAborted();
    }
    if (this.#refused && !(await destination.holdsQueue(route.to))) throw this.#queueGone();
    this.#refused = false;
    await this.log.readBack(until);
    if (this.#unanswered) counter.add({ settled: 1 });
    this.#unanswered = false;
    const quarantined = await this.#options.quarantine.newest(route);
    const next = await nextOffset(source, { ...route, skipTo: this.#skipTo }, this.log.newest, until);
    this.next = Math.max(next, quarantined + 1);
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
    const { source, destination, route, budget, limiter } = this.#options;
    const from = this.next!;
    const maxBytes = await destination.maxBatchBytes(route.to.broker);
    const pace = limiter.isLimited ? { pullsInFlight: PULLS_IN_FLIGHT_LIMITED } : {};
    const reading = new PullAhead({ reader: source, queue: route.from, from, budget, ...pace });
    const stop = () => {
      reading.close();
    };
    until.addEventListener('abort', stop, { once: true });
    this.#stopReading = stop;
    let sending = Promise.resolve();
    try {
      const builder = new BatchBuilder({
        reading,
        annotator: this.#annotator,
        from,
        maxBytes,
        targetBytes: () => this.#size.bytes,
        maxMessages: () => (this.next! <= this.#singleUntil ? 1 : limiter.batchMessages),
        moved: (at, answer) => this.#explainMoved(at, answer),
      });
      while (!until.aborted) {
        const asked = performance.now();
        const built = await builder.next();
        const quiet = performance.now() - asked > QUIET_MS;
        await sending;
        if (quiet) await this.#checkHistory(until);
        await limiter.take(built.batch.bytes, built.batch.messages, until);
        until.throwIfAborted();
        sending = this.#write(built, lease).then(() => {
          backoff.reset();
        });
        // A send that fails ends the reading at once, also where that waits for new messages.
        sending.catch(stop);
      }
    } catch (error) {
      // What went wrong with the send is the cause, if anything did.
      await sending;
      throw error;
    } finally {
      this.#stopReading = undefined;
      until.removeEventListener('abort', stop);
      reading.close();
    }
  }

  async #write({ batch, lastOffset, next, loopSkipped }: BuiltBatch, lease: Lease): Promise<void> {
    const { destination, route, counter, budget } = this.#options;
    if (batch.messages > 0) {
      await this.log.beforeSend();
      if (!lease.valid) throw new LeaseLost();
      budget.overdraw(batch.bytes);
      const began = performance.now();
      const offset = await this.log
        .sending(destination.send(route.to, batch, SEND_TIMEOUT_MS))
        .catch((error: unknown) => this.#sendFailed(error, batch, lastOffset))
        .finally(() => {
          budget.release(batch.bytes);
        });
      this.#size.stored(performance.now() - began);
      this.log.stored(offset, batch.messages, lastOffset);
    }
    this.next = next;
    counter.add({ copied: batch.messages, bytes: batch.bytes, loopSkipped });
    this.#free();
  }

  #sendFailed(error: unknown, { messages, bytes }: Batch, lastOffset: number): never {
    this.#refused = error instanceof TransportError && error.answered;
    this.#unanswered = !this.#refused;
    if (this.#unanswered) this.#size.unanswered(bytes);
    if (error instanceof TransportError && error.refusedForGood) {
      if (messages === 1) {
        const reason = `the destination refuses the message at source offset ${lastOffset}: ${error.message}`;
        throw new QueueBlocked('poison', lastOffset, reason);
      }
      this.#singleUntil = lastOffset;
    }
    throw error as Error;
  }

  /** By policy `onPoison: quarantine` a message that cannot be copied gets an entry, behind which copying goes on (R9). */
  async #setAside(error: unknown, lease: Lease): Promise<void> {
    const { destination, route, counter, onPoison, quarantine } = this.#options;
    if (onPoison !== 'quarantine' || !(error instanceof QueueBlocked) || error.kind !== 'poison') throw error as Error;
    const entry = await quarantine.entryFor(route, error);
    if (!entry) return;
    if (!lease.valid) throw new LeaseLost();
    await destination
      .send(quarantineQueue(route.to.broker), entry, SEND_TIMEOUT_MS)
      .catch((failure: unknown) => this.#sendFailed(failure, entry, error.at));
    this.next = error.at + 1;
    counter.add({ quarantined: 1 });
    this.#free();
  }

  /** R1: only an operator may send the queue elsewhere. */
  #queueGone(): QueueBlocked {
    const { topic, broker, id } = this.route.to;
    return new QueueBlocked(
      'queue-gone',
      this.next ?? 0,
      `queue ${id} of topic ${topic} does not exist on the destination's broker ${broker} any more: bring it back and pause and resume, or choose another queue with remap`,
    );
  }

  /** What it means that the source cannot give the next message. */
  async #explainMoved(at: number, answer: PullAnswer): Promise<never> {
    const { source, route } = this.#options;
    const { min, max, isOfSlave } = await source.range(route.from);
    if (isOfSlave) throw new NoMaster(route.from, at, max);
    if (at > max)
      throw new QueueBlocked(
        'history',
        at,
        `the source queue ends at ${max}, before ${at}: it was cut off or recreated`,
      );
    const to = Math.max(min, answer.nextOffset);
    if (to <= at) throw new Error(`the source says that offset ${at} is not there, and that it holds ${min} to ${max}`);
    throw new QueueBlocked(
      'gap',
      at,
      `source offsets ${at} to ${to - 1} were removed before they were copied; skip-gap goes on at ${to}`,
      to,
    );
  }

  /** By policy `onGap: skip` a gap is counted and passed over. */
  #passOver({ kind, at, to }: QueueBlocked): boolean {
    if (kind !== 'gap' || to === undefined || this.#options.onGap === 'block') return false;
    this.#options.counter.add({ gapSkipped: to - at });
    this.#skipTo = to;
    return true;
  }

  async #block(error: QueueBlocked, until: AbortSignal): Promise<void> {
    const { kind, at, message } = error;
    const { topic, broker, id } = this.route.from;
    const since = new Date().toISOString();
    const changed = kind === 'history' && !(error instanceof CopiesLost);
    const to = changed ? await this.#divergence(until) : error.to;
    const hint = changed ? acceptHistoryHint(to) : kind === 'poison' ? poisonHint(at) : undefined;
    const reason = hint === undefined ? message : `${message}; ${hint}`;
    this.blocked = { topic, broker, queue: id, kind, reason, at, since, ...(to !== undefined && { to }) };
    this.trouble = undefined;
    this.#options.onNews();
  }

  /** Where copying would have to go on if the source's new history counts; `undefined` where that cannot be found out now. */
  async #divergence(until: AbortSignal): Promise<number | undefined> {
    const { source, route } = this.#options;
    const { newest } = this.log;
    try {
      if (!newest) return (await source.range(route.from)).min;
      return await findDivergence(source, route.from, this.log.place(until), newest);
    } catch {
      return undefined;
    }
  }

  /** Copying works. */
  #free(): void {
    this.trouble = undefined;
    if (!this.blocked) return;
    this.blocked = undefined;
    this.#options.onNews();
  }

  get #name(): string {
    const { topic, broker, id } = this.route.from;
    return `queue ${topic}/${broker}/${id}`;
  }
}

function acceptHistoryHint(to: number | undefined): string {
  return to === undefined
    ? 'say with accept-history and an offset where to go on'
    : `accept-history goes on at source offset ${to}, the first one that differs from what was copied`;
}

function poisonHint(at: number): string {
  return `redrive tries again once it can be copied, skip-gap to ${at + 1} passes over it`;
}
