import type { PullAnswer, Queue, QueueReader } from '../transport/types.ts';
import type { ByteBudget } from './byte-budget.ts';

/** A broker answers a pull with at most 32 messages or 256 KiB, whatever is asked. */
const MESSAGES_A_PULL = 32;
const FIRST_ESTIMATE_BYTES = 256 * 1024;
const PULLS_IN_FLIGHT = 16;
const LONG_POLL_MS = 15_000;

interface Pull {
  readonly from: number;
  readonly to: number;
  readonly answer: Promise<PullAnswer>;
  /** What this pull holds of the budget. */
  bytes: number;
  /** Answered with something to hand out; what failed or found nothing is met by whoever waits. */
  ready: boolean;
}

export interface PullAheadOptions {
  readonly reader: QueueReader;
  readonly queue: Queue;
  readonly from: number;
  /** Offset at which reading ends; without it reading waits for new messages for ever. */
  readonly until?: number;
  readonly budget: ByteBudget;
  /** Pulls under way at once; a slow reader asks for few, so that it does not sit on the budget. Default 16. */
  readonly pullsInFlight?: number;
  /** Ends the reading, like `close`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads one queue in order with many pulls in flight while there is a backlog, and with one long poll at its end. Round trips
 * dominate a pull, and offsets are predictable: the next pulls are sent before the first is answered. An answer with fewer
 * messages than asked is completed by a pull of the rest before anything behind it is handed out.
 */
export class PullAhead {
  readonly #options: PullAheadOptions;
  readonly #pulls: Pull[] = [];
  readonly #closing = new AbortController();
  /** First offset that no pull has asked for. */
  #next: number;
  /** Messages below this offset are known to exist. */
  #known: number;
  /** The last answer said that there is nothing to read yet. */
  #atEnd = false;
  #step = MESSAGES_A_PULL;
  #estimate = FIRST_ESTIMATE_BYTES;
  /** Bytes of the answer that the caller is working on. */
  #handedOut = 0;

  constructor(options: PullAheadOptions) {
    this.#options = options;
    this.#next = options.from;
    this.#known = options.until ?? options.from;
    if (options.signal?.aborted) this.close();
    else options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Whether `take` has something at hand, and will neither wait nor throw. */
  get ready(): boolean {
    return this.#pulls[0]?.ready ?? false;
  }

  /** Bytes of the answers that `take` has at hand without waiting. */
  get readyBytes(): number {
    let bytes = 0;
    for (const pull of this.#pulls) {
      if (!pull.ready) break;
      bytes += pull.bytes;
    }
    return bytes;
  }

  /**
   * The next answer in order, `messages` or `moved` (after which only `close` makes sense); `undefined` where `until` is reached.
   * Its bytes belong to the caller until the next call.
   * @throws TransportError; the reason of `close`; Error where the queue ends before `until`
   */
  async take(): Promise<PullAnswer | undefined> {
    for (;;) {
      this.#closing.signal.throwIfAborted();
      this.#releaseHandedOut();
      this.#fill();
      const pull = this.#pulls[0] ?? (await this.#first());
      if (!pull) return undefined;
      const answer = await pull.answer;
      // A close in the meantime has given the bytes of this pull back.
      this.#closing.signal.throwIfAborted();
      this.#pulls.shift();
      this.#handedOut = pull.bytes;
      if (answer.kind === 'nothing') this.#startOver(pull.from);
      else {
        this.#learn(pull, answer);
        return answer;
      }
    }
  }

  /** Ends what is under way and gives the budget back. */
  close(): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#closing.abort(new Error('reading was closed'));
    this.#releaseHandedOut();
    this.#dropPulls();
  }

  readonly #onAbort = (): void => {
    this.close();
  };

  #fill(): void {
    const { budget, pullsInFlight = PULLS_IN_FLIGHT } = this.#options;
    while (this.#pulls.length > 0 && this.#pulls.length < pullsInFlight && this.#next < this.#known) {
      if (!budget.tryTake(this.#estimate)) return;
      this.#pulls.push(this.#pull(this.#next, this.#untilStep(), this.#estimate));
    }
  }

  /** Nothing is in flight: the first pull of a backlog waits for the budget, the long poll at the end needs none. */
  async #first(): Promise<Pull | undefined> {
    const { budget, until = Number.MAX_SAFE_INTEGER } = this.#options;
    if (this.#next >= until) return undefined;
    if (this.#next < this.#known && !this.#atEnd) {
      const estimate = this.#estimate;
      await budget.take(estimate, this.#closing.signal);
      if (this.#closing.signal.aborted) {
        budget.release(estimate);
        this.#closing.signal.throwIfAborted();
      }
      this.#pulls.push(this.#pull(this.#next, this.#untilStep(), estimate));
      this.#fill();
    } else this.#pulls.push(this.#pull(this.#next, Math.min(this.#next + MESSAGES_A_PULL, until), 0, LONG_POLL_MS));
    return this.#pulls[0];
  }

  #untilStep(): number {
    return Math.min(this.#next + this.#step, this.#known);
  }

  #pull(from: number, to: number, bytes: number, waitMs = 0): Pull {
    const { reader, queue, budget } = this.#options;
    const request = { offset: from, maxMessages: to - from, waitMs };
    const pull: Pull = {
      from,
      to,
      bytes,
      ready: false,
      answer: reader.pull(queue, request, waitMs > 0 ? this.#closing.signal : undefined),
    };
    const settle = (actual: number, ready: boolean) => {
      pull.ready = ready;
      if (this.#closing.signal.aborted || !this.#pulls.includes(pull)) return;
      budget.overdraw(actual - pull.bytes);
      pull.bytes = actual;
    };
    pull.answer.then(
      ({ kind, records }) => {
        settle(records.length, kind !== 'nothing');
      },
      () => {
        settle(0, false);
      },
    );
    this.#next = Math.max(this.#next, to);
    return pull;
  }

  /** Completes a short answer, and asks for as many messages as the broker is ready to give. */
  #learn(pull: Pull, answer: PullAnswer): void {
    if (answer.kind !== 'messages') return;
    this.#atEnd = false;
    if (this.#options.until === undefined) this.#known = Math.max(this.#known, answer.range.max);
    const got = answer.nextOffset - pull.from;
    this.#estimate = Math.max(answer.records.length, Math.floor(this.#estimate * 0.9), 4096);
    if (answer.nextOffset >= pull.to) this.#step = Math.min(MESSAGES_A_PULL, this.#step + 1);
    else if (this.#pulls.length > 0) {
      this.#step = Math.max(1, got);
      this.#options.budget.overdraw(this.#estimate);
      this.#pulls.unshift(this.#pull(answer.nextOffset, pull.to, this.#estimate));
    } else this.#next = answer.nextOffset;
  }

  /** The broker has nothing at `from` yet: what was asked behind it is asked again once there is. */
  #startOver(from: number): void {
    const { queue, until } = this.#options;
    if (until !== undefined)
      throw new Error(`${queue.topic}/${queue.broker}/${queue.id} ends at ${from}; a moment ago it held ${until}`);
    this.#dropPulls();
    this.#next = from;
    this.#atEnd = true;
  }

  #releaseHandedOut(): void {
    this.#options.budget.release(this.#handedOut);
    this.#handedOut = 0;
  }

  #dropPulls(): void {
    for (const { bytes } of this.#pulls.splice(0)) this.#options.budget.release(bytes);
  }
}
