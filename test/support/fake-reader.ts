import { TransportError } from '../../src/transport/errors.ts';
import type { OffsetRange, PullAnswer, PullRequest, Queue, QueueReader } from '../../src/transport/types.ts';

/** What a broker answers at most unless its settings say otherwise. */
const USUAL_MESSAGES = 32;

export interface FakeReaderOptions {
  /** Numbers in [0, 1) that decide how late each answer comes and how much of what was asked it holds; without it: at once, and all. */
  readonly random?: () => number;
  /** Messages in an answer at most; default 32. */
  readonly most?: number;
  /** How likely an answer is a failure, or says wrongly that there is nothing yet. */
  readonly failures?: number;
  readonly nothings?: number;
}

/** One queue in memory, read as from a broker. Offsets without a record are missing, as after a compaction. */
export class FakeReader implements QueueReader {
  readonly requests: PullRequest[] = [];
  /** Retention may raise it. */
  min = 0;
  readonly #records: (Buffer | undefined)[] = [];
  readonly #options: FakeReaderOptions;
  readonly #polling = new Set<() => void>();

  constructor(options: FakeReaderOptions = {}) {
    this.#options = options;
  }

  /** What it holds. */
  get records(): readonly Buffer[] {
    return this.#records.filter((record) => record !== undefined);
  }

  get max(): number {
    return this.#records.length;
  }

  append(...records: readonly (Buffer | undefined)[]): void {
    for (const record of records) this.#records.push(record);
    for (const wake of this.#polling) wake();
  }

  /** The topic is deleted, created again, and holds these now. */
  recreate(...records: readonly Buffer[]): void {
    this.#records.length = 0;
    this.append(...records);
  }

  async pull(_queue: Queue, request: PullRequest, signal?: AbortSignal): Promise<PullAnswer> {
    const { random = () => 0.9999, most: mostGiven = USUAL_MESSAGES, failures = 0, nothings = 0 } = this.#options;
    this.requests.push(request);
    for (let turns = this.#options.random ? Math.floor(6 * random()) : 0; turns > 0; turns--) await nextTurn();
    signal?.throwIfAborted();
    if (random() < failures) throw failure('the broker cannot be reached');
    if (request.waitMs === 0 && random() < nothings) return this.#answer('nothing', request.offset);
    if (request.offset === this.max && request.waitMs > 0) await this.#appended(signal);
    if (request.offset < this.min) return this.#answer('moved', this.min);
    if (request.offset > this.max) return this.#answer('moved', this.max);
    if (request.offset === this.max) return this.#answer('nothing', request.offset);
    const most = Math.min(request.maxMessages, mostGiven);
    return this.#messages(request.offset, 1 + Math.floor(most * random()));
  }

  range(): Promise<OffsetRange> {
    return Promise.resolve({ min: this.min, max: this.max });
  }

  close(): void {
    throw new Error('the reader belongs to the test');
  }

  #messages(offset: number, most: number): PullAnswer {
    const found: Buffer[] = [];
    let next = offset;
    for (; next < this.max && found.length < most; next++) {
      const record = this.#records[next];
      if (record) found.push(record);
    }
    return { ...this.#answer('messages', next), records: Buffer.concat(found) };
  }

  #answer(kind: PullAnswer['kind'], nextOffset: number): PullAnswer {
    return { kind, records: Buffer.alloc(0), nextOffset, range: { min: this.min, max: this.max } };
  }

  async #appended(signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const wake = () => {
        this.#polling.delete(wake);
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#polling.delete(wake);
        reject(failure('the long poll was aborted'));
      };
      this.#polling.add(wake);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}

/** After everything that is due now. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function failure(message: string): TransportError {
  return new TransportError(message, { address: 'fake', retryable: true, refusedForGood: false, answered: false });
}
