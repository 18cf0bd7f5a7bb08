import { MessageCursor } from '../transport/message.ts';
import type { Batch, BatchLimits, PullAnswer } from '../transport/types.ts';
import type { Annotator } from './annotate.ts';
import { BatchBuffer, PART_BYTES } from './batch-buffer.ts';
import type { ByteBudget } from './byte-budget.ts';
import { QueueBlocked } from './problems.ts';
import type { PullAhead } from './pull-ahead.ts';

/** Of a message's sysFlag: compression and multi-tag. Address-family and transaction bits corrupt or hide a copy (R2). */
export const KEPT_FLAGS = 0x701 | 0x2;
/** Batches for brokers with batch consume queues: several messages under one offset. */
const INNER_BATCH_FLAGS = 0x40 | 0x80;

/** Larger batches gain nothing on near networks. */
export const TARGET_BATCH_BYTES = 1024 * 1024;
/** After the source gave nothing for so long its topic may have been deleted, created again and filled meanwhile. */
const QUIET_MS = 100;
/** Bounds how far behind newer copies a batch can hide that a frozen process sent late; see `findNewestCopy`. */
export const MOST_MESSAGES_A_BATCH = 4096;

/** Whether the record holds several messages, so that its offset names them all. */
export function isInnerBatch({ sysFlag }: MessageCursor): boolean {
  return (sysFlag & INNER_BATCH_FLAGS) !== 0;
}

/** What one round of building gives: a batch (perhaps empty, where all was passed over) and how far the source was read. */
export interface BuiltBatch {
  readonly batch: Batch;
  /** Source offset of the last message in the batch; -1 where it is empty. */
  readonly lastOffset: number;
  /** Next source offset to be read. */
  readonly next: number;
  readonly loopSkipped: number;
  /** Gives its bytes back to the budget. It must not be under way any more. */
  readonly release: () => void;
}

export interface BatchBuilderOptions {
  readonly reading: PullAhead;
  readonly annotator: Annotator;
  /** First source offset expected. */
  readonly from: number;
  /** What the destination broker takes in one batch. */
  readonly limits: BatchLimits;
  /** How large batches should be; a larger message gets one of its own. Default `TARGET_BATCH_BYTES`. */
  readonly targetBytes?: () => number;
  /** 1 where a batch was refused and the message to blame is looked for, and in retry topics. */
  readonly maxMessages: () => number;
  readonly budget: ByteBudget;
  /**
   * Asked before messages are used that came so long after what was read before them that the source's history may have changed meanwhile (R8).
   * `read` is the message before them; `undefined` where they are the first.
   */
  readonly assertUnchanged: (read: MessageCursor | undefined) => Promise<void>;
  /** Says what a `moved` answer means; always throws. */
  readonly moved: (at: number, answer: PullAnswer) => Promise<never>;
}

/**
 * Turns what was read into batches, in order, of one sysFlag, up to a size. It waits for the first message; then it takes what is at
 * hand, and what comes while the batch before is still being sent. Checks that no source offset is missing (R8).
 */
export class BatchBuilder {
  readonly #options: BatchBuilderOptions;
  /** Stands on the next message to write, once `#pending`. */
  #message: MessageCursor | undefined;
  #pending = false;
  #answer: PullAnswer | undefined;
  #next: number;
  #isSending = false;
  #sending: Promise<void> | undefined;
  /** Those that were not released when the newest was begun, and the newest. */
  #buffers: BatchBuffer[] = [];

  constructor(options: BatchBuilderOptions) {
    this.#options = options;
    this.#next = options.from;
  }

  /** Until this is settled no batch can be sent, so the next one may still grow. */
  sendingUntil(sent: Promise<void>): void {
    this.#isSending = true;
    const over = (): void => {
      this.#isSending = false;
    };
    this.#sending = sent.then(over, over);
  }

  /**
   * What it gives holds bytes of the budget until `release`.
   * @throws QueueBlocked for a gap or a message that cannot be copied, once everything before it has been handed out; what
   * reading throws
   */
  async next(): Promise<BuiltBatch> {
    const { annotator, limits } = this.#options;
    const maxMessages = Math.min(this.#options.maxMessages(), MOST_MESSAGES_A_BATCH);
    const first = await this.#first();
    let { bornTimestamp, reconsumeTimes } = first;
    const sysFlag = first.sysFlag & KEPT_FLAGS;
    const buffer = new BatchBuffer(this.#options.budget, this.#partFor(first, 0));
    this.#buffers = [...this.#buffers.filter(({ isReleased }) => !isReleased), buffer];
    let messages = 0;
    let lastOffset = -1;
    let loopSkipped = 0;
    annotator.position = 0;
    for (let message: MessageCursor | undefined = first; message;) {
      if (messages === 0) ({ bornTimestamp, reconsumeTimes } = message);
      const outcome = annotator.write(message, buffer.part, bornTimestamp);
      if (outcome === 'properties-too-long') {
        // what was passed over before it is counted as well
        if (messages + loopSkipped > 0) break;
        throw poison(message, 'its properties and the provenance together are longer than 32,735 bytes');
      }
      if (annotator.position > limits.maxBytes - limits.bytesPerMessage)
        throw this.#tooLarge(message, annotator.position);
      if (outcome === 'loop') loopSkipped++;
      else {
        messages++;
        lastOffset = message.queueOffset;
      }
      this.#next = message.queueOffset + 1;
      this.#pending = false;
      message = undefined;
      if (messages < maxMessages && (this.#message!.next() || (await this.#readOn()))) {
        this.#pending = true;
        if (this.#belongs(sysFlag) && this.#hasRoom(buffer, messages)) message = this.#message;
      }
    }
    const batch = { sysFlag, bornTimestamp, messages, reconsumeTimes, ...buffer.finish(annotator.position) };
    const release = () => {
      buffer.release();
    };
    return { batch, lastOffset, next: this.#next, loopSkipped, release };
  }

  /** Gives back what was not released. Nothing that was built may be under way any more. */
  close(): void {
    for (const buffer of this.#buffers) buffer.release();
  }

  /** Waits for the next message and checks that it is the one expected. */
  async #first(): Promise<MessageCursor> {
    while (!this.#pending) {
      if (this.#message?.next()) this.#pending = true;
      else {
        if (this.#answer?.kind !== 'moved') this.#answer = (await this.#take())!;
        if (this.#answer.kind === 'moved') await this.#options.moved(this.#next, this.#answer);
        this.#message = new MessageCursor(this.#answer.records);
      }
    }
    const message = this.#message!;
    if (message.queueOffset > this.#next) {
      const reason = `source offsets ${this.#next} to ${message.queueOffset - 1} are missing; skip-gap goes on behind them`;
      throw new QueueBlocked('gap', this.#next, reason, message.queueOffset);
    }
    if (message.queueOffset < this.#next)
      throw new QueueBlocked(
        'history',
        this.#next,
        `the source answered offset ${message.queueOffset} for ${this.#next}`,
      );
    if (isInnerBatch(message)) throw poison(message, 'it is an inner batch, which is not available yet');
    return message;
  }

  /** Goes to the next message, if it is at hand or comes while the batch before is being sent. */
  async #readOn(): Promise<boolean> {
    const { reading } = this.#options;
    if (!reading.ready && this.#isSending) await Promise.race([reading.arrival(), this.#sending]);
    if (!reading.ready) return false;
    this.#answer = await this.#take();
    if (this.#answer?.kind !== 'messages') return false;
    this.#message = new MessageCursor(this.#answer.records);
    return this.#message.next();
  }

  async #take(): Promise<PullAnswer | undefined> {
    const { reading, assertUnchanged } = this.#options;
    const answer = await reading.take();
    if (answer?.kind === 'messages' && reading.quietMs > QUIET_MS + reading.roundTripMs)
      await assertUnchanged(this.#message);
    return answer;
  }

  #belongs(sysFlag: number): boolean {
    const message = this.#message!;
    return message.queueOffset === this.#next && (message.sysFlag & (KEPT_FLAGS | INNER_BATCH_FLAGS)) === sysFlag;
  }

  /** Whether a batch of so many messages has room for one more; it goes on in a new part where the old one is full. */
  #hasRoom(buffer: BatchBuffer, messages: number): boolean {
    const { annotator, limits, targetBytes } = this.#options;
    const message = this.#message!;
    const bound = annotator.bound(message);
    const bytes = buffer.bytes(annotator.position);
    const target = targetBytes?.() ?? TARGET_BATCH_BYTES;
    if (bytes + bound > Math.min(target, limits.maxBytes - (messages + 1) * limits.bytesPerMessage)) return false;
    if (annotator.position + bound <= buffer.part.length) return true;
    if (!buffer.grow(annotator.position, this.#partFor(message, bytes))) return false;
    annotator.position = 0;
    return true;
  }

  /** Enough for the message and what is at hand, up to the size of a part; at least as much as the batch has, so that parts stay few. */
  #partFor(message: MessageCursor, bytes: number): number {
    const { reading, annotator } = this.#options;
    const bound = annotator.bound(message);
    const atHand = message.records.length - message.start + reading.readyBytes;
    return Math.max(bound, Math.min(Math.max(bound + Math.ceil(atHand * 1.25), bytes), PART_BYTES));
  }

  #tooLarge(message: MessageCursor, bytes: number): QueueBlocked {
    const { limits } = this.#options;
    return poison(
      message,
      `as a batch it has ${bytes} bytes, the destination takes ${limits.maxBytes - limits.bytesPerMessage} (maxMessageSize)`,
    );
  }
}

function poison(message: MessageCursor, reason: string): QueueBlocked {
  return new QueueBlocked(
    'poison',
    message.queueOffset,
    `the message at source offset ${message.queueOffset} cannot be copied: ${reason}`,
  );
}
