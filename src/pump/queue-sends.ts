import { TransportError } from '../transport/errors.ts';
import type { Batch, Destination, Queue } from '../transport/types.ts';
import { BatchSize } from './batch-size.ts';
import type { Counter } from './counter.ts';
import { QueueBlocked } from './problems.ts';
import { SEND_QUEUE_DRAIN_MS, SEND_TIMEOUT_MS } from './queue-lock.ts';
import { pause } from './time.ts';

/** Copies, or the entry of a message that is set aside. */
type SentKind = 'copied' | 'quarantined';

/** Source offset of the newest message of each kind that the destination holds, or -1. */
type Newest = Readonly<Record<SentKind, number>>;

/** What a send stores. */
interface Sent {
  readonly kind: SentKind;
  readonly messages: number;
  readonly bytes: number;
  /** Source offset of its last message. */
  readonly lastOffset: number;
}

/**
 * What one queue sends, to one broker and one send at a time, and what becomes of it (R4). A send that failed may have been stored, unless it was
 * refused for good. So before the next one `waitOut` is awaited, then the destination is read back, and what was found is told to `settle`.
 * What was stored is counted, once.
 */
export class QueueSends {
  readonly #destination: Destination;
  readonly #broker: string;
  readonly #counter: Counter;
  readonly #size = new BatchSize();
  /** The last send, where it failed and it is not known yet whether it was stored. */
  #unsettled: Sent | undefined;
  #isUnanswered = false;
  /** A batch was refused: messages go one by one until this source offset is passed. */
  #singleUntil = -1;

  constructor(destination: Destination, broker: string, counter: Counter) {
    this.#destination = destination;
    this.#broker = broker;
    this.#counter = counter;
  }

  /** How large the next batch should be. */
  get batchBytes(): number {
    return this.#size.bytes;
  }

  /** Whether the message at this source offset was in a batch that was refused: it is sent alone, to find the one to blame. */
  goesAlone(offset: number): boolean {
    return offset <= this.#singleUntil;
  }

  /** The last send was not answered: the broker may still find the request and store it. */
  get isUnanswered(): boolean {
    return this.#isUnanswered;
  }

  /**
   * Sends the batch, whose last message is that at source offset `lastOffset`. Resolves with the offset at which it was stored.
   * @throws QueueBlocked for a single message that is refused for good; TransportError
   */
  async send(kind: SentKind, queue: Queue, batch: Batch, lastOffset: number): Promise<number> {
    const { messages, bytes } = batch;
    const sent = { kind, messages, bytes, lastOffset };
    const began = performance.now();
    const offset = await this.#destination.send(queue, batch, SEND_TIMEOUT_MS).catch((error: unknown) => {
      throw this.#failed(error, sent);
    });
    this.#size.stored(bytes, performance.now() - began);
    this.#count(sent);
    return offset;
  }

  /** Waits until a send without an answer is either stored or never will be. @throws TransportError, and the reason of `until` */
  async waitOut(until: AbortSignal): Promise<void> {
    if (!this.#isUnanswered) return;
    // The wait counts from the broker's first sign of life: one that was frozen may find the request only when it wakes.
    await this.#destination.dispatched(this.#broker, SEND_TIMEOUT_MS);
    await pause(SEND_QUEUE_DRAIN_MS, until);
    until.throwIfAborted();
  }

  /** It is known now what the destination holds, and nothing can arrive any more. */
  settle(newest: Newest): void {
    const sent = this.#unsettled;
    if (sent && newest[sent.kind] >= sent.lastOffset) this.#count(sent);
    if (this.#isUnanswered) this.#counter.add({ settled: 1 });
    this.#unsettled = undefined;
    this.#isUnanswered = false;
  }

  #count({ kind, messages, bytes }: Sent): void {
    this.#counter.add(kind === 'copied' ? { copied: messages, bytes } : { quarantined: messages });
  }

  #failed(error: unknown, sent: Sent): Error {
    const { messages, bytes, lastOffset } = sent;
    if (error instanceof TransportError && error.refusedForGood) {
      if (messages === 1) return refused(error, lastOffset);
      this.#singleUntil = lastOffset;
      return error;
    }
    this.#unsettled = sent;
    this.#isUnanswered = !(error instanceof TransportError && error.answered);
    if (this.#isUnanswered) this.#size.unanswered(bytes);
    return error as Error;
  }
}

function refused({ message }: TransportError, at: number): QueueBlocked {
  return new QueueBlocked('poison', at, `the destination refuses the message at source offset ${at}: ${message}`);
}
