import type { RedriveInput } from '../../replication/flow-changes.ts';
import type { RedriveResult } from '../../replication/messages.ts';
import { PROPERTY_REDRIVEN } from '../../replication/names.ts';
import { placeText, type SourcePlace } from '../../replication/provenance.ts';
import { mappedQueues, queueKey, sourceKey, targetQueue } from '../../replication/queue-map.ts';
import { TransportError } from '../../transport/errors.ts';
import { propertiesOf, MessageCursor } from '../../transport/message.ts';
import type { Batch, Destination, OffsetSource, Queue } from '../../transport/types.ts';
import { Annotator } from '../annotate.ts';
import { KEPT_FLAGS } from '../batch-builder.ts';
import type { ByteBudget } from '../byte-budget.ts';
import { LeaseLost } from '../problems.ts';
import { SEND_TIMEOUT_MS } from '../queue-lock.ts';
import { digestOf, doneEntry, quarantineQueue, refusedEntry, sendingEntry } from './entry.ts';
import { OpenEntries, type OpenEntry } from './open-entries.ts';
import { readMessage, readMessages, recordOf } from '../read-messages.ts';

/** Other commands wait meanwhile, and so do the queues of the topic: what is left is for another redrive. */
const WORK_MS = 60_000;

export interface RedriverOptions {
  readonly input: RedriveInput;
  readonly source: OffsetSource;
  readonly destination: Destination;
  /** Names this redrive over all its attempts. */
  readonly redrive: string;
  readonly budget: ByteBudget;
  readonly signal: AbortSignal;
  /** Whether the locks of the topic are held: looked at right before each write. */
  readonly mayWrite: () => boolean;
  readonly onProgress: (redriven: number) => void;
}

/**
 * Copies the open entries of one topic. Before a message is sent an entry says where its copy can lie, and after that one says that it is
 * done: a redrive that comes after a crash looks there for the copy before it sends again (R4). Nobody else may write copies of the topic
 * meanwhile, and nothing of an earlier attempt may be under way any more.
 */
export class Redriver {
  readonly #options: RedriverOptions;
  /** Destination queue by `queueKey` of the source queue. */
  readonly #routes: ReadonlyMap<string, Queue>;

  constructor(options: RedriverOptions) {
    this.#options = options;
    this.#routes = new Map(
      [...mappedQueues(options.input.queues)].map((queue) => [sourceKey(queue), targetQueue(queue)]),
    );
  }

  async run(brokers: readonly string[]): Promise<RedriveResult> {
    for (const broker of brokers) await this.#options.destination.dispatched(broker);
    let open = new OpenEntries((place) => this.#isOurs(place), this.#options.redrive);
    await this.#readEntries(brokers, open);
    if (open.more) await this.#readEntries(brokers, (open = open.again()));
    const outcomes = { redriven: open.redriven, refused: 0, missing: 0 };
    const until = performance.now() + WORK_MS;
    let { more } = open;
    for (const entry of open.byPlace.values()) {
      this.#options.signal.throwIfAborted();
      more ||= performance.now() > until;
      if (performance.now() > until) break;
      outcomes[await this.#redrive(entry)]++;
      this.#options.onProgress(outcomes.redriven);
    }
    return { redriven: outcomes.redriven, refusedAgain: outcomes.refused, missing: outcomes.missing, more };
  }

  async #readEntries(brokers: readonly string[], open: OpenEntries): Promise<void> {
    for (const broker of brokers)
      await this.#read(quarantineQueue(broker), 0, (message) => {
        open.add(broker, message);
      });
  }

  #isOurs({ source: { cluster, topic, broker, queue } }: SourcePlace): boolean {
    return cluster === this.#options.input.source && this.#routes.has(queueKey({ topic, broker, id: queue }));
  }

  async #redrive(entry: OpenEntry): Promise<'redriven' | 'refused' | 'missing'> {
    const { place, broker } = entry;
    const done = doneEntry(place, this.#options.redrive);
    if (await this.#isCopied(entry)) {
      await this.#append(broker, done);
      return 'redriven';
    }
    const record = await this.#recordOf(entry);
    if (!record) return 'missing';
    const to = this.#routes.get(queueKey({ ...place.source, id: place.source.queue }))!;
    const copy = this.#copyOf(entry, record);
    const { maxBytes, bytesPerMessage } = await this.#options.destination.batchLimits(to.broker);
    if (!copy || copy.bytes + bytesPerMessage > maxBytes) return 'refused';
    const { max } = await this.#options.destination.range(to);
    await this.#append(broker, sendingEntry(place, to, max));
    try {
      await this.#send(to, copy);
    } catch (error) {
      if (!(error instanceof TransportError && error.refusedForGood)) throw error;
      await this.#append(broker, refusedEntry(place));
      return 'refused';
    }
    await this.#append(broker, done);
    return 'redriven';
  }

  /** Whether an earlier try got through of which nobody heard. Everything that was stored is readable by now. */
  async #isCopied({ place, sent }: OpenEntry): Promise<boolean> {
    if (!sent) return false;
    const wanted = placeText(place);
    let found = false;
    await this.#read(sent.to, sent.offset, (message) => {
      found ||= propertiesOf(message).get(PROPERTY_REDRIVEN) === wanted;
    });
    return found;
  }

  /** From the entry, else from the source if the message there is the one that was set aside. */
  async #recordOf({ place, broker, at, digest, hasRecord }: OpenEntry): Promise<MessageCursor | undefined> {
    if (hasRecord) {
      const entry = await readMessage(this.#options.destination, quarantineQueue(broker), at);
      const record = entry && new MessageCursor(entry.records.subarray(entry.bodyStart, entry.bodyEnd));
      return record?.next() ? record : undefined;
    }
    const { topic, broker: from, queue } = place.source;
    const message = await readMessage(this.#options.source, { topic, broker: from, id: queue }, place.offset);
    return message && digestOf(recordOf(message)) === digest ? message : undefined;
  }

  /** `undefined` where it cannot be a message of the destination: properties too long, or it came from there (R7). */
  #copyOf({ place }: OpenEntry, record: MessageCursor): Batch | undefined {
    const annotator = new Annotator(
      place.source,
      this.#options.input.destination,
      this.#options.input.tags,
      PROPERTY_REDRIVEN,
    );
    const target = Buffer.allocUnsafe(annotator.bound(record));
    const { bornTimestamp, reconsumeTimes } = record;
    if (annotator.write(record, target, bornTimestamp) !== 'written') return undefined;
    const bytes = annotator.position;
    return {
      sysFlag: record.sysFlag & KEPT_FLAGS,
      bornTimestamp,
      reconsumeTimes,
      parts: [target.subarray(0, bytes)],
      bytes,
      messages: 1,
    };
  }

  async #append(broker: string, entry: Batch): Promise<void> {
    await this.#send(quarantineQueue(broker), entry);
  }

  async #send(queue: Queue, batch: Batch): Promise<void> {
    if (!this.#options.mayWrite()) throw new LeaseLost();
    await this.#options.destination.send(queue, batch, SEND_TIMEOUT_MS);
  }

  async #read(queue: Queue, from: number, onMessage: (message: MessageCursor) => void): Promise<void> {
    const { budget, signal } = this.#options;
    const { min, max } = await this.#options.destination.range(queue);
    await readMessages(
      { reader: this.#options.destination, queue, budget, signal },
      Math.max(from, min),
      max,
      onMessage,
    );
  }
}
