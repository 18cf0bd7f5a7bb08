import type { BlockedQueue } from '../replication/messages.ts';
import { TransportError } from '../transport/errors.ts';
import type { Destination, OffsetSource, PullAnswer } from '../transport/types.ts';
import { Annotator, type Tag } from './annotate.ts';
import { BatchBuilder, type BuiltBatch } from './batch-builder.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { Counter } from './counter.ts';
import type { Lease } from './lease.ts';
import { LeaseLost, NoMaster, QueueBlocked, UnexpectedOffset } from './problems.ts';
import { PullAhead } from './pull-ahead.ts';
import { SEND_QUEUE_DRAIN_MS, SEND_TIMEOUT_MS } from './queue-lock.ts';
import type { RateLimiter } from './rate-limit.ts';
import { nextOffset, readBack, type Evidence, type Route } from './settle.ts';
import { aborted, Backoff, pause } from './time.ts';

/** Enough to hide a round trip from a limited flow, few enough to leave the memory to others. */
const PULLS_IN_FLIGHT_LIMITED = 2;

export interface CopierOptions {
  readonly source: OffsetSource;
  readonly destination: Destination;
  readonly destinationCluster: string;
  readonly route: Route;
  readonly tags: readonly Tag[];
  readonly onGap: 'block' | 'skip';
  readonly budget: ByteBudget;
  readonly limiter: RateLimiter;
  readonly counter: Counter;
  /** Called when the queue blocks or is free again. */
  readonly onBlockChange: () => void;
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
  readonly #options: CopierOptions;
  readonly #annotator: Annotator;
  #evidence: Evidence | undefined;
  /** The outcome of the last send is unknown, and the broker may not have looked at it yet. */
  #unanswered = false;
  /** Others write into the destination queue, so its offsets may jump. */
  #shared = false;
  #skipTo: number;
  /** A batch was refused: messages go one by one until this source offset is passed. */
  #singleUntil = -1;
  #committed: { next: number; newest: number | undefined } | undefined;

  constructor(options: CopierOptions) {
    this.#options = options;
    this.#skipTo = options.route.skipTo;
    this.#annotator = new Annotator(options.route.source, options.destinationCluster, options.tags);
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
        await this.#copy(until, lease, backoff);
      } catch (error) {
        if (until.aborted as boolean) break;
        if (error instanceof QueueBlocked && !this.#passOver(error)) {
          this.#block(error);
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
    const next = this.next;
    const newest = this.#evidence?.newest?.offset;
    if (next === undefined || (this.#committed?.next === next && this.#committed.newest === newest)) return;
    await source.commit(route.group, route.from, next);
    if (newest !== undefined) await destination.commit(route.group, route.to, newest);
    this.#committed = { next, newest };
  }

  async #readBack(until: AbortSignal): Promise<void> {
    const { source, destination, route, budget, counter } = this.#options;
    if (this.#unanswered) {
      // The wait counts from the broker's first sign of life: one that was frozen may find the request only when it wakes.
      await destination.dispatched(route.to.broker, SEND_TIMEOUT_MS);
      await pause(SEND_QUEUE_DRAIN_MS, until);
      until.throwIfAborted();
    }
    const { repeated, shared, ...evidence } = await readBack(destination, route, budget, until, this.#evidence);
    if (this.#unanswered) counter.add({ settled: 1 });
    this.#unanswered = false;
    this.#evidence = evidence;
    this.#shared ||= shared;
    counter.add({ repeated });
    this.next = await nextOffset(source, { ...route, skipTo: this.#skipTo }, evidence.newest, until);
    this.trouble = undefined;
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
    let sending = Promise.resolve();
    try {
      const builder = new BatchBuilder({
        reading,
        annotator: this.#annotator,
        from,
        maxBytes,
        maxMessages: () => (this.next! <= this.#singleUntil ? 1 : limiter.batchMessages),
        moved: (at, answer) => this.#explainMoved(at, answer),
      });
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
      }
    } catch (error) {
      // What went wrong with the send is the cause, if anything did.
      await sending;
      throw error;
    } finally {
      until.removeEventListener('abort', stop);
      reading.close();
    }
  }

  async #write({ batch, lastOffset, next, loopSkipped }: BuiltBatch, lease: Lease): Promise<void> {
    const { destination, route, counter, budget } = this.#options;
    if (batch.messages > 0) {
      const expected = this.#evidence!.end;
      if (!lease.valid) throw new LeaseLost();
      budget.overdraw(batch.bytes);
      const offset = await destination
        .send(route.to, batch, SEND_TIMEOUT_MS)
        .catch((error: unknown) => this.#sendFailed(error, batch.messages, lastOffset))
        .finally(() => {
          budget.release(batch.bytes);
        });
      if (offset < expected)
        throw new QueueBlocked(
          'history',
          lastOffset,
          `the destination queue had ${expected} messages and stored the next batch at offset ${offset}: it has lost copies`,
        );
      if (offset > expected && !this.#shared) throw new UnexpectedOffset(expected, offset);
      const end = offset + batch.messages;
      this.#evidence = { newest: { sourceOffset: lastOffset, offset: end - 1 }, end };
    }
    this.next = next;
    counter.add({ copied: batch.messages, bytes: batch.bytes, loopSkipped });
    this.#free();
  }

  #sendFailed(error: unknown, messages: number, lastOffset: number): never {
    this.#unanswered = !(error instanceof TransportError && error.answered);
    if (error instanceof TransportError && error.refusedForGood) {
      if (messages === 1) {
        const reason = `the destination refuses the message at source offset ${lastOffset}: ${error.message}`;
        throw new QueueBlocked('poison', lastOffset, reason);
      }
      this.#singleUntil = lastOffset;
    }
    throw error as Error;
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

  #block({ kind, at, to, message }: QueueBlocked): void {
    const { topic, broker, id } = this.route.from;
    const since = new Date().toISOString();
    this.blocked = { topic, broker, queue: id, kind, reason: message, at, since, ...(to !== undefined && { to }) };
    this.trouble = undefined;
    this.#options.onBlockChange();
  }

  /** Copying works. */
  #free(): void {
    this.trouble = undefined;
    if (!this.blocked) return;
    this.blocked = undefined;
    this.#options.onBlockChange();
  }

  get #name(): string {
    const { topic, broker, id } = this.route.from;
    return `queue ${topic}/${broker}/${id}`;
  }
}
