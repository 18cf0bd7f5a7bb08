import type { Command, Request } from '../protocol/command.ts';
import { type RemotingError, unanswered } from '../remoting-error.ts';

/** How often requests are looked over for those whose time is up. ms. */
const SWEEP_MS = 25;
const MAX_OPAQUE = 0x7fff_ffff;

/** A request from its start until it is settled, whether it has been written yet or not. */
export interface Pending {
  readonly opaque: number;
  readonly name: string;
  readonly request: Request;
  readonly bodyBytes: number;
  /** By `performance.now()`. */
  readonly deadline: number;
  readonly timeoutMs: number;
  written: boolean;
  /** By `performance.now()`; 0 before. */
  writtenAt: number;
  readonly resolve: (answer: Command) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The requests of one connection by opaque. One timer serves the time-outs of all of them. `onSettled` is told of each request
 * that leaves the table, `onUnanswered` when a request that was written got no answer in its time.
 */
export class InFlightTable {
  readonly #address: string;
  readonly #onSettled: (pending: Pending) => void;
  readonly #onUnanswered: (writtenAt: number) => void;
  readonly #pending = new Map<number, Pending>();
  #lastOpaque = 0;
  /** No request's time is up before. By `performance.now()`. */
  #nextDeadline = Infinity;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(address: string, onSettled: (pending: Pending) => void, onUnanswered: (writtenAt: number) => void) {
    this.#address = address;
    this.#onSettled = onSettled;
    this.#onUnanswered = onUnanswered;
  }

  add(
    name: string,
    request: Request,
    timeoutMs: number,
    resolve: Pending['resolve'],
    reject: Pending['reject'],
  ): Pending {
    const opaque = this.#nextOpaque();
    const bodyBytes = request.body.reduce((sum, part) => sum + part.length, 0);
    const deadline = performance.now() + timeoutMs;
    const pending = {
      opaque,
      name,
      request,
      bodyBytes,
      deadline,
      timeoutMs,
      written: false,
      writtenAt: 0,
      resolve,
      reject,
    };
    this.#pending.set(opaque, pending);
    this.#nextDeadline = Math.min(this.#nextDeadline, deadline);
    this.#sweeper ??= setTimeout(this.#sweep, SWEEP_MS);
    return pending;
  }

  has(pending: Pending): boolean {
    return this.#pending.get(pending.opaque) === pending;
  }

  /** An answer to a request that was given up is dropped. */
  answer(answer: Command): void {
    const pending = this.#pending.get(answer.opaque);
    if (pending && this.#remove(pending)) pending.resolve(answer);
  }

  fail(pending: Pending, error: Error): void {
    if (this.#remove(pending)) pending.reject(error);
  }

  /** Fails those requests of which `chosen` says so. */
  failWhere(chosen: (pending: Pending) => boolean, error: (pending: Pending) => RemotingError): void {
    for (const pending of [...this.#pending.values()]) if (chosen(pending)) this.fail(pending, error(pending));
  }

  #remove(pending: Pending): boolean {
    if (!this.has(pending)) return false;
    this.#pending.delete(pending.opaque);
    if (this.#pending.size === 0) {
      clearTimeout(this.#sweeper);
      this.#sweeper = undefined;
    }
    this.#onSettled(pending);
    return true;
  }

  readonly #sweep = (): void => {
    this.#sweeper = setTimeout(this.#sweep, SWEEP_MS);
    const now = performance.now();
    if (now < this.#nextDeadline) return;
    const late: Pending[] = [];
    this.#nextDeadline = Infinity;
    for (const pending of this.#pending.values())
      if (pending.deadline <= now) late.push(pending);
      else this.#nextDeadline = Math.min(this.#nextDeadline, pending.deadline);
    for (const pending of late) {
      const { name, timeoutMs, written } = pending;
      const what = written ? 'answer' : 'connection';
      this.fail(pending, unanswered(name, this.#address, `no ${what} within ${timeoutMs} ms`));
    }
    for (const { written, writtenAt } of late) if (written) this.#onUnanswered(writtenAt);
  };

  #nextOpaque(): number {
    do this.#lastOpaque = this.#lastOpaque === MAX_OPAQUE ? 1 : this.#lastOpaque + 1;
    while (this.#pending.has(this.#lastOpaque));
    return this.#lastOpaque;
  }
}
