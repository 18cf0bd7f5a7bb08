import type { CopySource, SourcePlace } from '../../replication/provenance.ts';
import { TransportError } from '../../transport/errors.ts';
import type { MessageCursor } from '../../transport/message.ts';
import type { Batch, BatchLimits, Destination, OffsetRange, OffsetSource } from '../../transport/types.ts';
import { isInnerBatch } from '../batch-builder.ts';
import type { ByteBudget } from '../byte-budget.ts';
import type { QueueBlocked } from '../problems.ts';
import type { Route } from '../read-back.ts';
import { quarantineQueue, quarantinedEntry, readEntry } from './entry.ts';
import { readMessage, readMessages, recordOf } from '../read-messages.ts';

/** A broker's answer to an account that may not read the topic. */
const NO_PERMISSION = 16;

export interface QuarantineOptions {
  /** Whether this pump puts messages there, so that it must be able to read it. */
  readonly inUse: boolean;
  readonly source: OffsetSource;
  readonly destination: Destination;
  readonly budget: ByteBudget;
  /** Ends reading. */
  readonly signal: AbortSignal;
}

/**
 * What a pump knows of the messages that were set aside (R9).
 *
 * An entry is evidence as a copy is: copying goes on behind the newest of both. So passing over a message survives a crash, no message has
 * two entries, and one that is in quarantine is never copied in its order any more, not even when the destination would take it
 * now: only `redrive` copies it. This holds under every policy, because entries of an earlier time count as well. Entry and copies
 * lie in the log of one broker: what lost the copies before an entry has lost the entry too.
 */
export class Quarantine {
  readonly #options: QuarantineOptions;
  readonly #brokers = new Map<string, BrokerEntries>();

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  /**
   * Source offset of the newest message of the queue that was set aside, or -1. Everything that the destination's broker stored must be
   * readable.
   */
  async newest({ source, to }: Route): Promise<number> {
    const known = this.#brokers.get(to.broker) ?? new BrokerEntries(this.#options, to.broker);
    this.#brokers.set(to.broker, known);
    await known.readOn();
    return known.newest(source);
  }

  /**
   * The entry for a message that cannot be copied: with its record where the broker takes that, else only its place. `undefined` where the source
   * does not hold it any more. @throws `poison` itself for an inner batch: it holds more messages than the one place
   */
  async entryFor({ from, to, source }: Route, poison: QueueBlocked): Promise<Batch | undefined> {
    const message = await readMessage(this.#options.source, from, poison.at);
    if (!message) return undefined;
    if (isInnerBatch(message)) throw poison;
    const place = { source, offset: poison.at };
    return fittingEntry(message, place, poison.message, await this.#options.destination.batchLimits(to.broker));
  }
}

/** The entry of a message: with its record where the broker takes that, else only its place. */
export function fittingEntry(
  message: MessageCursor,
  place: SourcePlace,
  reason: string,
  { maxBytes, bytesPerMessage }: BatchLimits,
): Batch {
  const entry = quarantinedEntry(place, reason, recordOf(message), true);
  return entry.bytes + bytesPerMessage <= maxBytes ? entry : quarantinedEntry(place, reason, recordOf(message), false);
}

/** The entries of one broker: for each source queue its newest. */
class BrokerEntries {
  readonly #options: QuarantineOptions;
  readonly #broker: string;
  readonly #newest = new Map<string, number>();
  /** Offset up to which (exclusive) they have been read. */
  #end = 0;
  #reading: Promise<void> = Promise.resolve();
  #queued: Promise<void> | undefined;

  constructor(options: QuarantineOptions, broker: string) {
    this.#options = options;
    this.#broker = broker;
  }

  newest(source: CopySource): number {
    return this.#newest.get(queueText(source)) ?? -1;
  }

  /** Reads what was added. A reading that was under way at the call may have been too early: many queues share the next one. */
  async readOn(): Promise<void> {
    this.#queued ??= this.#reading.then(
      () => this.#begin(),
      () => this.#begin(),
    );
    await this.#queued;
  }

  #begin(): Promise<void> {
    this.#queued = undefined;
    this.#reading = this.#read();
    return this.#reading;
  }

  /** Of a topic that does not exist a broker says that its queue is empty. */
  async #read(): Promise<void> {
    const { destination, budget, signal } = this.#options;
    const queue = quarantineQueue(this.#broker);
    const { min, max } = await destination.range(queue).catch((error: unknown) => this.#forbidden(error));
    if (max < this.#end) {
      // The broker lost the end of its log.
      this.#newest.clear();
      this.#end = 0;
    }
    await readMessages({ reader: destination, queue, budget, signal }, Math.max(min, this.#end), max, (message) => {
      const entry = readEntry(message);
      if (entry?.kind !== 'quarantined') return;
      const key = queueText(entry.place.source);
      this.#newest.set(key, Math.max(entry.place.offset, this.#newest.get(key) ?? -1));
    });
    this.#end = max;
  }

  /** An account that was never allowed to use the quarantine has put nothing there. */
  #forbidden(error: unknown): OffsetRange {
    if (this.#options.inUse || !(error instanceof TransportError) || error.code !== NO_PERMISSION) throw error as Error;
    return { min: 0, max: 0 };
  }
}

function queueText({ cluster, topic, broker, queue, generation }: CopySource): string {
  return `${cluster}:${topic}:${queue}:${generation}:${broker}`;
}
