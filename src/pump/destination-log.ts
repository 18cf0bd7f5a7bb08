import type { Destination } from '../transport/types.ts';
import { ByteBudget } from './byte-budget.ts';
import type { CopyPlace, NewestCopy, RepeatedRun } from './newest-copy.ts';
import { CopiesLost, UnexpectedOffset } from './problems.ts';
import { copyPlace, readBack, type Evidence, type Route } from './read-back.ts';
import { UnreadStretches } from './unread-stretches.ts';

/**
 * How long a process that was frozen may still have something under way: a broker closes connections on which nothing came for
 * 120 s (`serverChannelMaxIdleTimeSeconds`).
 */
const LATE_WRITES_MS = 150_000;
const LATE_WRITES_CHECK_MS = 15_000;
/** For what others wrote between our batches. Bytes. */
const READING_BYTES = 4 * 1024 * 1024;

export interface DestinationLogOptions {
  readonly destination: Destination;
  readonly route: Route;
  readonly budget: ByteBudget;
  /** Called when copies were found a second time. */
  readonly onRepeats: () => void;
}

/** What this pump knows of the queue into which it copies: its newest copy, its end, and what should not be there. */
export class DestinationLog {
  /** Copies that were found a second time and that nobody was told of yet. */
  repeats: readonly RepeatedRun[] = [];
  readonly #options: DestinationLogOptions;
  readonly #unread = new UnreadStretches();
  #known: Evidence | undefined;
  /** Others write into the queue as well, so its offsets may jump. */
  #shared = false;
  /** A send is under way, or was not answered and nobody has read back what became of it. */
  #sending = false;
  /** The log holds copies that this pump did not send: what it knows of the newest one is wrong. */
  #outdated = false;
  /** Of the stretches; one at a time, so that whoever waits for it knows what it found. */
  #reading: Promise<void> | undefined;
  #readBacks = 0;
  #loss: CopiesLost | undefined;
  #lossRemembered = false;
  /** When it was last read back: locks that were lost have come again since. */
  #began = performance.now();
  #lookedForLateWrites = -Infinity;

  constructor(options: DestinationLogOptions) {
    this.#options = options;
  }

  /** How often it was read back. */
  get readBacks(): number {
    return this.#readBacks;
  }

  get evidence(): Evidence | undefined {
    return this.#known;
  }

  get newest(): NewestCopy | undefined {
    return this.#known?.newest;
  }

  /**
   * Where a search for the newest copy may begin. It stays where it was while somebody has still to be told of repeated copies, so that
   * whoever comes after a crash finds them again.
   */
  get checkpoint(): number | undefined {
    return this.repeats.length > 0 ? undefined : this.newest?.offset;
  }

  /** There is a loss to remember, something to read, or it is time to look for late writes. */
  get isDue(): boolean {
    const owesLoss = this.#loss !== undefined && !this.#lossRemembered;
    return owesLoss || this.#outdated || !this.#unread.isEmpty || this.#isLookDue;
  }

  place(signal?: AbortSignal): CopyPlace {
    const { destination, route, budget } = this.#options;
    return copyPlace(destination, route, budget, signal);
  }

  /**
   * Reads from the log what was copied last. No send may be under way.
   * @throws CopiesLost, also where that was found by an earlier pump; TransportError
   */
  async readBack(signal: AbortSignal): Promise<void> {
    const { destination, route, budget } = this.#options;
    this.#began = performance.now();
    await this.#assertNothingLost();
    await this.#readUnread();
    const known = this.#outdated ? undefined : this.#known;
    const { repeated, shared, ...evidence } = await readBack(destination, route, budget, signal, known);
    this.#known = evidence;
    this.#readBacks++;
    // Not all queues of a pump at once.
    this.#lookedForLateWrites = performance.now() - Math.random() * LATE_WRITES_CHECK_MS;
    this.#outdated = false;
    this.#sending = false;
    this.#shared ||= shared;
    this.#found(repeated);
  }

  /** To be awaited before each send. @throws Error when another pump copies the same queue */
  async beforeSend(): Promise<void> {
    if (this.#unread.isFull) await this.#readUnread();
    this.#assertCurrent();
  }

  /** Marks the time while a send is under way; one that fails is read back before anything else counts. */
  async sending(send: Promise<number>): Promise<number> {
    this.#sending = true;
    const offset = await send;
    this.#sending = false;
    return offset;
  }

  /**
   * The broker has stored a batch of so many messages at `offset`; its last one is a copy of source offset `sourceOffset`.
   * @throws CopiesLost; UnexpectedOffset when it must be read back
   */
  stored(offset: number, messages: number, sourceOffset: number): void {
    const { end: expected, newest } = this.#known!;
    if (offset < expected) {
      const what = `the destination queue had ${expected} messages and stored the next batch at offset ${offset}`;
      throw (this.#loss = new CopiesLost(sourceOffset, what));
    }
    if (offset > expected) {
      if (!this.#shared) throw new UnexpectedOffset(expected, offset);
      if (this.#mayHoldLateWrites())
        this.#unread.add({ from: expected, until: offset, above: newest?.sourceOffset ?? -1 });
    }
    const end = offset + messages;
    this.#known = { ...this.#known!, newest: { sourceOffset, offset: end - 1 }, end };
  }

  /** The source's checkpoint is by now what followed from the so many-th reading back. */
  checkpointFollows(readBacks: number): void {
    if (readBacks === this.#readBacks && this.#known) this.#known = { ...this.#known, sourceCheckpoint: 'right' };
  }

  /** @throws Error when it shows that another pump copies the same queue; TransportError */
  async readUnread(): Promise<void> {
    await this.#readUnread();
    this.#assertCurrent();
  }

  /** While nothing is copied nobody would notice what a process that was frozen sends late. @throws TransportError */
  async lookForLateWrites(): Promise<void> {
    const known = this.#known;
    if (!known || !this.#isLookDue) return;
    this.#lookedForLateWrites = performance.now();
    const { destination, route } = this.#options;
    // It costs one request, and `range` two.
    const { range } = await destination.pull(route.to, { offset: known.end, maxMessages: 1, waitMs: 0 });
    if (this.#known !== known || this.#isSending() || range.max <= known.end) return;
    this.#unread.add({ from: known.end, until: range.max, above: known.newest?.sourceOffset ?? -1 });
    this.#known = { ...known, end: range.max };
  }

  /** These of `repeats` have arrived where they are summed up. */
  repeatsReported(runs: readonly RepeatedRun[]): void {
    this.repeats = this.repeats.filter((run) => !runs.includes(run));
  }

  /**
   * Makes it last that copies were lost: to whoever reads back next, the copy behind the hole would look like any other. As durable as consumer
   * offsets are, once a later call has found it: a broker may forget an offset that it acknowledged, where it is among the first of a group and
   * topic (see `FirstAlone`), and several pumps may find such a loss at once. @throws TransportError
   */
  async rememberLoss(): Promise<void> {
    if (!this.#loss || this.#lossRemembered) return;
    const { destination, route } = this.#options;
    const mark = this.#loss.at + 1;
    if ((await destination.committed(route.group, route.lossMark)) === mark) this.#lossRemembered = true;
    else await destination.commit(route.group, route.lossMark, mark);
  }

  async #assertNothingLost(): Promise<void> {
    const { destination, route } = this.#options;
    if (!this.#loss) {
      const mark = (await destination.committed(route.group, route.lossMark)) ?? 0;
      if (mark === 0) return;
      this.#lossRemembered = true;
      this.#loss = new CopiesLost(
        mark - 1,
        `the destination queue holds a copy of source offset ${mark - 1} behind a hole`,
      );
    }
    throw this.#loss;
  }

  #assertCurrent(): void {
    if (this.#outdated) throw new Error('the destination holds copies that this pump did not send; reading back');
  }

  /** Everything that was noted before the call. */
  async #readUnread(): Promise<void> {
    while (this.#reading) await this.#reading.catch(() => undefined);
    if (this.#unread.isEmpty) return;
    this.#reading = this.#readStretches().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #readStretches(): Promise<void> {
    const { repeated, foreign } = await this.#unread.read(this.#options.destination, {
      ...this.place(),
      // of its own: a copier that waits for this holds bytes of the common one
      budget: new ByteBudget(READING_BYTES),
    });
    this.#outdated ||= foreign;
    this.#found(repeated);
  }

  get #isLookDue(): boolean {
    const isTime = performance.now() - this.#lookedForLateWrites >= LATE_WRITES_CHECK_MS;
    return isTime && this.#known !== undefined && !this.#sending && this.#mayHoldLateWrites();
  }

  /** Later nobody can still be writing who held the locks before: what others wrote in between need not be read. */
  #mayHoldLateWrites(): boolean {
    return performance.now() - this.#began < LATE_WRITES_MS;
  }

  /** Asked again after an await. */
  #isSending(): boolean {
    return this.#sending;
  }

  #found(runs: readonly RepeatedRun[]): void {
    if (runs.length === 0) return;
    this.repeats = [...this.repeats, ...runs];
    this.#options.onRepeats();
  }
}
