import { MessageCursor } from '../transport/message.ts';
import type { Batch, PullAnswer } from '../transport/types.ts';
import type { Annotator } from './annotate.ts';
import { QueueBlocked } from './problems.ts';
import type { PullAhead } from './pull-ahead.ts';

/** Of a message's sysFlag: compression and multi-tag. Address-family and transaction bits corrupt or hide a copy (R2). */
export const KEPT_FLAGS = 0x701 | 0x2;
/** Batches for brokers with batch consume queues: several messages under one offset. */
const INNER_BATCH_FLAGS = 0x40 | 0x80;

/** Larger batches gain nothing on near networks. */
export const TARGET_BATCH_BYTES = 1024 * 1024;
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
}

export interface BatchBuilderOptions {
  readonly reading: PullAhead;
  readonly annotator: Annotator;
  /** First source offset expected. */
  readonly from: number;
  /** What the destination broker takes in one batch. */
  readonly maxBytes: number;
  /** How large batches should be; a larger message gets one of its own. Default `TARGET_BATCH_BYTES`. */
  readonly targetBytes?: () => number;
  /** 1 where a batch was refused and the message to blame is looked for. */
  readonly maxMessages: () => number;
  /** Says what a `moved` answer means; always throws. */
  readonly moved: (at: number, answer: PullAnswer) => Promise<never>;
}

/**
 * Turns what was read into batches, in order: as many messages as are at hand, of one sysFlag, up to a size; it waits only for
 * the first. Checks that no source offset is missing (R8).
 */
export class BatchBuilder {
  readonly #options: BatchBuilderOptions;
  /** Stands on the next message to write, once `#pending`. */
  #message: MessageCursor | undefined;
  #pending = false;
  #answer: PullAnswer | undefined;
  #next: number;

  constructor(options: BatchBuilderOptions) {
    this.#options = options;
    this.#next = options.from;
  }

  /**
   * @throws QueueBlocked for a gap or a message that cannot be copied, once everything before it has been handed out; what
   * reading throws
   */
  async next(): Promise<BuiltBatch> {
    const { annotator } = this.#options;
    const maxMessages = Math.min(this.#options.maxMessages(), MOST_MESSAGES_A_BATCH);
    const first = await this.#first();
    const { bornTimestamp } = first;
    const sysFlag = first.sysFlag & KEPT_FLAGS;
    const target = Buffer.allocUnsafe(this.#roomFor(first));
    let messages = 0;
    let lastOffset = -1;
    let loopSkipped = 0;
    annotator.position = 0;
    let message: MessageCursor | undefined = first;
    do {
      const outcome = annotator.write(message, target, bornTimestamp);
      if (outcome === 'properties-too-long') {
        if (messages > 0) break;
        throw poison(message, 'its properties and the provenance together are longer than 32,735 bytes');
      }
      if (annotator.position > this.#options.maxBytes) throw this.#tooLarge(message, annotator.position);
      if (outcome === 'loop') loopSkipped++;
      else {
        messages++;
        lastOffset = message.queueOffset;
      }
      this.#next = message.queueOffset + 1;
      this.#pending = false;
      message =
        messages < maxMessages ? await this.#more(sysFlag, Math.min(target.length, this.#options.maxBytes)) : undefined;
    } while (message);
    const bytes = annotator.position;
    const batch = { sysFlag, bornTimestamp, parts: [target.subarray(0, bytes)], bytes, messages };
    return { batch, lastOffset, next: this.#next, loopSkipped };
  }

  /** Waits for the next message and checks that it is the one expected. */
  async #first(): Promise<MessageCursor> {
    while (!this.#pending) {
      if (this.#message?.next()) this.#pending = true;
      else {
        if (this.#answer?.kind !== 'moved') this.#answer = (await this.#options.reading.take())!;
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

  /** The next message, if it is at hand and belongs into a batch of these flags with so much room. */
  async #more(sysFlag: number, room: number): Promise<MessageCursor | undefined> {
    const { reading, annotator } = this.#options;
    while (!this.#message!.next()) {
      if (!reading.ready) return undefined;
      this.#answer = await reading.take();
      if (this.#answer?.kind !== 'messages') return undefined;
      this.#message = new MessageCursor(this.#answer.records);
    }
    this.#pending = true;
    const message = this.#message!;
    const fits = annotator.position + annotator.bound(message) <= room;
    const belongs =
      message.queueOffset === this.#next && (message.sysFlag & (KEPT_FLAGS | INNER_BATCH_FLAGS)) === sysFlag;
    return fits && belongs ? message : undefined;
  }

  /** Enough for what is at hand, up to the target; a larger message gets a batch of its own. */
  #roomFor(first: MessageCursor): number {
    const { reading, annotator, maxBytes, targetBytes } = this.#options;
    const bound = annotator.bound(first);
    const atHand = first.records.length - first.start + reading.readyBytes;
    return Math.max(bound, Math.min(bound + Math.ceil(atHand * 1.25), targetBytes?.() ?? TARGET_BATCH_BYTES, maxBytes));
  }

  #tooLarge(message: MessageCursor, bytes: number): QueueBlocked {
    return poison(
      message,
      `as a batch it has ${bytes} bytes, the destination takes ${this.#options.maxBytes} (maxMessageSize)`,
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
