import type { PullAnswer, Queue, QueueReader } from '../transport/types.ts';
import type { ByteBudget } from './byte-budget.ts';
import { PullSize, USUAL_MESSAGES } from './pull-size.ts';

/** What keeps a near broker busy: pulls under way at once for so many messages, but not more pulls than this, and not fewer. */
const MESSAGES_IN_FLIGHT = 512;
const PULLS_IN_FLIGHT = 16;
const FEWEST_PULLS_IN_FLIGHT = 3;
/** What one queue should be able to give over any distance: so much is asked for in advance for each ms of a round trip. */
const MESSAGES_A_MS = 40;
const BYTES_A_MS = 40 * 1024;
/** However few messages a broker gives at once: one that reads from its disk gives 8. */
const MOST_PULLS_IN_FLIGHT = 1024;
const LONG_POLL_MS = 15_000;

interface Pull {
  /** For what is there, for more of it than the broker gave so far, or a long poll at the end of the queue. */
  readonly kind: 'usual' | 'larger' | 'waiting';
  readonly from: number;
  readonly to: number;
  readonly answer: Promise<PullAnswer>;
  /** What this pull holds of the budget. */
  bytes: number;
  /** By `performance.now()`. */
  arrivedAt: number;
  /** Answered with something to hand out; what failed or found nothing is met by whoever waits. */
  ready: boolean;
  /** The answer was short and there was no room to ask for the rest yet, which begins here. */
  restFrom: number | undefined;
}

export interface PullAheadOptions {
  readonly reader: QueueReader;
  readonly queue: Queue;
  readonly from: number;
  /** Offset at which reading ends; without it reading waits for new messages for ever. */
  readonly until?: number;
  readonly budget: ByteBudget;
  /** Pulls under way at once; a slow reader asks for few, so that it does not sit on the budget. Default 16, or more over a long way. */
  readonly pullsInFlight?: number;
  /** Ends the reading, like `close`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads one queue in order with many pulls in flight while there is a backlog, and with one long poll at its end. Round trips
 * dominate a pull, and offsets are predictable: the next pulls are sent before the first is answered, as many as the measured round
 * trip takes. An answer with fewer messages than asked is completed by a pull of the rest before anything behind it is handed out.
 */
export class PullAhead {
  /** How much later than the answer before it, or than the begin of reading, the one came that `take` gave last. ms */
  quietMs = 0;
  readonly #options: PullAheadOptions;
  readonly #pulls: Pull[] = [];
  readonly #closing = new AbortController();
  /** First offset that no pull has asked for. */
  #next: number;
  /** Messages below this offset are known to exist. */
  #known: number;
  /** The last answer said that there is nothing to read yet. */
  #atEnd = false;
  readonly #size = new PullSize();
  #roundTripMs = 0;
  #starting: Promise<Pull | undefined> | undefined;
  #tookArrivedAt = performance.now();
  /** Bytes of the answer that the caller is working on. */
  #handedOut = 0;

  constructor(options: PullAheadOptions) {
    this.#options = options;
    this.#next = options.from;
    this.#known = options.until ?? options.from;
    if (options.signal?.aborted) this.close();
    else options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** The shortest seen; 0 before the first. */
  get roundTripMs(): number {
    return this.#roundTripMs;
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
   * Resolves when `take` has something at hand, or would not have to wait to say that there is nothing. What was handed out is given
   * back.
   */
  async arrival(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#releaseHandedOut();
    this.#fill();
    try {
      const pull = this.#pulls[0] ?? (await this.#first());
      await pull?.answer;
    } catch {
      // `take` fails the same way
    }
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
      if (answer.kind !== 'nothing') {
        this.quietMs = pull.arrivedAt - this.#tookArrivedAt;
        this.#tookArrivedAt = pull.arrivedAt;
        this.#askForRest(pull);
        return answer;
      }
      this.#startOver(pull.from);
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
    while (this.#pulls.length > 0 && this.#pulls.length < this.#mostPulls && this.#next < this.#known) {
      const { messages, bytes } = this.#size;
      if (this.#size.mayTry && this.#options.budget.tryTake(2 * bytes)) {
        this.#size.trying();
        this.#pulls.push(this.#pull(this.#next, this.#upTo(2 * messages), 2 * bytes, 'larger'));
      } else if (this.#options.budget.tryTake(bytes))
        this.#pulls.push(this.#pull(this.#next, this.#upTo(messages), bytes));
      else return;
    }
  }

  get #mostPulls(): number {
    if (this.#options.pullsInFlight !== undefined) return this.#options.pullsInFlight;
    const { messages, bytes } = this.#size;
    const near = Math.min(Math.max(FEWEST_PULLS_IN_FLIGHT, MESSAGES_IN_FLIGHT / messages), PULLS_IN_FLIGHT);
    const far = this.#roundTripMs * Math.min(MESSAGES_A_MS / messages, BYTES_A_MS / bytes);
    return Math.min(Math.max(near, far), MOST_PULLS_IN_FLIGHT);
  }

  /** Nothing is in flight. Somebody who did not wait for the end of it may have asked before. */
  async #first(): Promise<Pull | undefined> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return await this.#starting;
  }

  /** The first pull of a backlog waits for the budget, the long poll at the end needs none. */
  async #start(): Promise<Pull | undefined> {
    const { budget, until = Number.MAX_SAFE_INTEGER } = this.#options;
    if (this.#next >= until) return undefined;
    if (this.#next < this.#known && !this.#atEnd) {
      const { bytes } = this.#size;
      await budget.take(bytes, this.#closing.signal);
      if (this.#closing.signal.aborted) {
        budget.release(bytes);
        this.#closing.signal.throwIfAborted();
      }
      this.#pulls.push(this.#pull(this.#next, this.#upTo(this.#size.messages), bytes));
      this.#fill();
    } else this.#pulls.push(this.#pull(this.#next, Math.min(this.#next + USUAL_MESSAGES, until), 0, 'waiting'));
    return this.#pulls[0];
  }

  #upTo(messages: number): number {
    return Math.min(this.#next + messages, this.#known);
  }

  #pull(from: number, to: number, bytes: number, kind: Pull['kind'] = 'usual'): Pull {
    const { reader, queue } = this.#options;
    const waitMs = kind === 'waiting' ? LONG_POLL_MS : 0;
    const request = { offset: from, maxMessages: to - from, waitMs };
    const asked = performance.now();
    const pull: Pull = {
      kind,
      from,
      to,
      bytes,
      arrivedAt: asked,
      ready: false,
      restFrom: undefined,
      answer: reader.pull(queue, request, waitMs > 0 ? this.#closing.signal : undefined),
    };
    pull.answer.then(
      (answer) => {
        if (!this.#settle(pull, answer.records.length)) return;
        pull.ready = answer.kind !== 'nothing';
        pull.arrivedAt = performance.now();
        if (kind !== 'waiting') this.#measure(pull.arrivedAt - asked);
        if (answer.kind === 'messages') this.#learn(pull, answer);
      },
      () => this.#settle(pull, 0),
    );
    this.#next = Math.max(this.#next, to);
    return pull;
  }

  /** Puts right what the pull holds of the budget; false where it was dropped meanwhile. */
  #settle(pull: Pull, bytes: number): boolean {
    if (this.#closing.signal.aborted || !this.#pulls.includes(pull)) return false;
    this.#options.budget.overdraw(bytes - pull.bytes);
    pull.bytes = bytes;
    return true;
  }

  #measure(roundTripMs: number): void {
    this.#roundTripMs = this.#roundTripMs === 0 ? roundTripMs : Math.min(this.#roundTripMs, roundTripMs);
  }

  /** From now on as many messages are asked for as the broker is ready to give. The rest of a short answer is asked for at once. */
  #learn(pull: Pull, answer: PullAnswer): void {
    const { kind, from, to } = pull;
    const { nextOffset, records } = answer;
    this.#atEnd = false;
    if (this.#options.until === undefined) this.#known = Math.max(this.#known, answer.range.max);
    // What a long poll finds says how many messages there were, not how many the broker gives.
    if (kind !== 'waiting') this.#size.learn(to - from, nextOffset - from, records.length, kind === 'larger');
    if (nextOffset >= to) return;
    if (pull === this.#pulls.at(-1)) this.#next = nextOffset;
    else {
      pull.restFrom = nextOffset;
      if (this.#options.budget.tryTake(this.#size.bytes)) this.#insertRest(pull, this.#pulls.indexOf(pull) + 1);
    }
  }

  /** What comes next is the rest of the answer handed out, whether there is room for it or not. */
  #askForRest(pull: Pull): void {
    if (pull.restFrom === undefined) return;
    this.#options.budget.overdraw(this.#size.bytes);
    this.#insertRest(pull, 0);
  }

  /** The budget for it has been taken. */
  #insertRest(pull: Pull, index: number): void {
    this.#pulls.splice(index, 0, this.#pull(pull.restFrom!, pull.to, this.#size.bytes));
    pull.restFrom = undefined;
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
