import { PROPERTY_BORN, PROPERTY_FROM, PROPERTY_ORIGIN, PROPERTY_PATH, PROPERTY_TRIES } from '../replication/names.ts';
import { fromPropertyStart, type CopySource } from '../replication/provenance.ts';
import { isRetryTopic } from '../replication/retry-topics.ts';
import {
  BATCH_HEAD_BYTES,
  BATCH_OVERHEAD_BYTES,
  writeBatchHead,
  writeBatchPropertiesLength,
  type MessageCursor,
} from '../transport/message.ts';
import { PropertySplicer, type ValueBounds } from './properties.ts';
import { isCopyItself } from './tries.ts';

/**
 * The properties' length is an int16, and a broker may append a checksum of its own (`__CRC32#`, 0x01, up to 10 digits, 0x02).
 */
const MAX_PROPERTIES = 32_767 - 32;

/** Digits of the largest offset or timestamp that a number holds exactly. */
const MAX_DIGITS = 16;

/** Where a client puts a message that is tried again: the topic that its listener expects. */
const KEPT_ON_RETRIES = ['RETRY_TOPIC'];

const ORIGIN_NAME = property(PROPERTY_ORIGIN);
const PATH_NAME = property(PROPERTY_PATH);
const BORN_NAME = property(PROPERTY_BORN);
const TRIES_NAME = property(PROPERTY_TRIES);

export type Tag = Readonly<{ key: string; value: string }>;

/** What becomes of a message: bytes written, or why there are none. */
export type Annotated = 'written' | 'loop' | 'properties-too-long';

/**
 * Writes messages of one source queue as copies: same flag, body and properties, byte for byte, but without what the destination
 * would act on, and with provenance and the task's tags (R2, R3, R7). Allocates nothing per message.
 */
export class Annotator {
  /** Position in the target behind the last message written. */
  position = 0;
  readonly #splicer: PropertySplicer;
  readonly #fromStart: Buffer;
  readonly #fromEnd: Buffer;
  readonly #origin: Buffer;
  readonly #isRetry: boolean;
  readonly #source: Buffer;
  readonly #destination: Buffer;
  readonly #addedBytes: number;

  /** `property` names the source's place: `REPL_FROM`, or `REPL_REDRIVEN` on copies that are late. */
  constructor(source: CopySource, destination: string, tags: readonly Tag[], property: string = PROPERTY_FROM) {
    this.#isRetry = isRetryTopic(source.topic);
    this.#splicer = splicerOf(tags, this.#isRetry);
    this.#fromStart = Buffer.from(`${fromPropertyStart(source, property)}${source.generation}:`);
    const tagProperties = tags.map(({ key, value }) => `${key}\u0001${value}\u0002`).join('');
    this.#fromEnd = Buffer.from(`:${source.broker}\u0002${tagProperties}`);
    this.#origin = Buffer.from(`${PROPERTY_ORIGIN}\u0001${source.cluster}\u0002`);
    this.#source = Buffer.from(source.cluster);
    this.#destination = Buffer.from(destination);
    this.#addedBytes =
      this.#fromStart.length +
      this.#fromEnd.length +
      this.#origin.length +
      PATH_NAME.length +
      this.#source.length +
      BORN_NAME.length +
      TRIES_NAME.length +
      3 * MAX_DIGITS +
      6;
  }

  /** Bytes in the batch that the message needs at most. */
  bound(message: MessageCursor): number {
    return (
      BATCH_OVERHEAD_BYTES +
      (message.bodyEnd - message.bodyStart) +
      2 * (message.propertiesEnd - message.propertiesStart) +
      this.#addedBytes
    );
  }

  /**
   * Writes the copy at `this.position`. The target has room for `bound(message)` bytes. `batchBorn` is the born timestamp (ms)
   * that the broker will store for the whole batch. Nothing counts as written unless the answer is `written`.
   */
  write(message: MessageCursor, target: Buffer, batchBorn: number): Annotated {
    const { records } = message;
    const bodyAt = this.position + BATCH_HEAD_BYTES;
    const propertiesAt = bodyAt + (message.bodyEnd - message.bodyStart) + 2;
    let at = this.#splicer.splice(records, message.propertiesStart, message.propertiesEnd, target, propertiesAt);
    if (this.#isRetry && !isCopyItself(message)) this.#splicer.forgetOrigin();
    const { origin, path, born } = this.#splicer;
    if (this.#hasPassedDestination(records, origin, path)) return 'loop';

    at += this.#fromStart.copy(target, at);
    at = writeDigits(message.queueOffset, target, at);
    at += this.#fromEnd.copy(target, at);
    at = origin.end === 0 ? at + this.#origin.copy(target, at) : this.#writeRelayed(records, origin, path, target, at);
    if (born.end > 0) {
      at += BORN_NAME.copy(target, at);
      at += records.copy(target, at, born.start, born.end);
      target[at++] = 2;
    } else if (message.bornTimestamp !== batchBorn) {
      at += BORN_NAME.copy(target, at);
      at = writeDigits(message.bornTimestamp, target, at);
      target[at++] = 2;
    }
    if (this.#isRetry) {
      at += TRIES_NAME.copy(target, at);
      at = writeDigits(message.reconsumeTimes, target, at);
      target[at++] = 2;
    }
    if (at - propertiesAt > MAX_PROPERTIES) return 'properties-too-long';

    writeBatchHead(target, this.position, message.flag, message.bodyEnd - message.bodyStart, at - propertiesAt);
    records.copy(target, bodyAt, message.bodyStart, message.bodyEnd);
    writeBatchPropertiesLength(target, propertiesAt - 2, at - propertiesAt);
    this.position = at;
    return 'written';
  }

  /** The source is not where the message was first produced: origin stays, the path grows by the source. */
  #writeRelayed(records: Buffer, origin: ValueBounds, path: ValueBounds, target: Buffer, at: number): number {
    at += ORIGIN_NAME.copy(target, at);
    at += records.copy(target, at, origin.start, origin.end);
    target[at++] = 2;
    at += PATH_NAME.copy(target, at);
    const passed = path.end === 0 ? origin : path;
    at += records.copy(target, at, passed.start, passed.end);
    target[at++] = 0x2c;
    at += this.#source.copy(target, at);
    target[at++] = 2;
    return at;
  }

  #hasPassedDestination(records: Buffer, origin: ValueBounds, path: ValueBounds): boolean {
    return listHolds(records, origin, this.#destination) || listHolds(records, path, this.#destination);
  }
}

const splicers = new WeakMap<readonly Tag[], PropertySplicer>();
const retrySplicers = new WeakMap<readonly Tag[], PropertySplicer>();

/** Its tables are large, and it is done with a message before it turns to the next: all queues of a task share one. */
function splicerOf(tags: readonly Tag[], isRetry: boolean): PropertySplicer {
  const known = isRetry ? retrySplicers : splicers;
  const names = tags.map(({ key }) => key);
  const splicer = known.get(tags) ?? new PropertySplicer(names, isRetry ? KEPT_ON_RETRIES : []);
  known.set(tags, splicer);
  return splicer;
}

function property(name: string): Buffer {
  return Buffer.from(`${name}\u0001`);
}

/** Whether a comma-separated list of cluster names holds `name`. */
function listHolds(records: Buffer, list: ValueBounds, name: Buffer): boolean {
  let start = list.start;
  while (start < list.end) {
    let end = start;
    while (end < list.end && records[end] !== 0x2c) end++;
    if (end - start === name.length && records.compare(name, 0, name.length, start, end) === 0) return true;
    start = end + 1;
  }
  return false;
}

/** Writes a whole number >= 0 in decimal digits; returns the position behind them. */
export function writeDigits(value: number, target: Buffer, at: number): number {
  let digits = 1;
  for (let power = 10; value >= power; power *= 10) digits++;
  for (let position = at + digits - 1; position >= at; position--) {
    const rest = Math.floor(value / 10);
    target[position] = 0x30 + (value - rest * 10);
    value = rest;
  }
  return at + digits;
}
