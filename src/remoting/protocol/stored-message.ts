import { readInt64 } from './int64.ts';
import { ProtocolError } from './protocol-error.ts';
import { decodeProperties } from './properties.ts';

/** The topic's length takes one byte. */
const MAGIC_V1 = 0xda_a3_20_a7;
/** The topic's length takes two bytes (5.x, topics over 127 bytes). */
const MAGIC_V2 = 0xda_a3_20_ab;

const BORN_HOST_IPV6 = 0x10;
const STORE_HOST_IPV6 = 0x20;

/** Everything but host addresses, body, topic length, topic and properties: up to and with the body's length, and the properties' length. */
const FIXED_BYTES = 4 + 4 + 4 + 4 + 4 + 8 + 8 + 4 + 8 + 8 + 4 + 8 + 4 + 2;
const SMALLEST_RECORD = FIXED_BYTES + 8 + 8 + 1;

/**
 * Walks over stored messages that lie one after the other, as in the answer to a pull. After each `next()` that returned true
 * the fields describe the current message; positions are byte positions in `records`. Nothing is copied or allocated.
 *
 * Layout of a record (MessageDecoder.decode in org.apache.rocketmq.common.message), all numbers big-endian:
 *
 *     totalSize int32 | magic int32 | bodyCrc int32 | queueId int32 | flag int32 | queueOffset int64 | physicalOffset int64
 *     sysFlag int32 | bornTimestamp int64 | bornHost 4 or 16 bytes + port int32 | storeTimestamp int64 | storeHost likewise
 *     reconsumeTimes int32 | preparedTransactionOffset int64 | bodyLength int32, body | topicLength int8 or int16, topic
 *     propertiesLength int16, properties
 */
export class MessageCursor {
  readonly records: Buffer;
  /** Bounds of the current record. */
  start = 0;
  end = 0;
  queueId = 0;
  /** The producer's own flag, int32. */
  flag = 0;
  queueOffset = 0;
  /** int32: compression, transaction and address-family bits. */
  sysFlag = 0;
  /** ms since 1970 by the producer's clock. */
  bornTimestamp = 0;
  /** ms since 1970 by the broker's clock. */
  storeTimestamp = 0;
  reconsumeTimes = 0;
  bodyStart = 0;
  bodyEnd = 0;
  propertiesStart = 0;
  propertiesEnd = 0;
  #topicStart = 0;

  constructor(records: Buffer) {
    this.records = records;
  }

  get topic(): string {
    return this.records.toString('latin1', this.#topicStart, this.propertiesStart - 2);
  }

  /**
   * Goes to the next message; false after the last one.
   * @throws ProtocolError for a record that is cut short or whose lengths contradict each other
   */
  next(): boolean {
    const { records } = this;
    const start = this.end;
    const available = records.length - start;
    if (available === 0) return false;
    if (available < SMALLEST_RECORD) throw this.#malformed(start, `only ${available} bytes are left`);
    const size = records.readInt32BE(start);
    if (size < SMALLEST_RECORD || size > available)
      throw this.#malformed(start, `its size is given as ${size}, ${available} bytes are left`);
    const magic = records.readUInt32BE(start + 4);
    if (magic !== MAGIC_V1 && magic !== MAGIC_V2) throw this.#malformed(start, `unknown magic 0x${magic.toString(16)}`);

    const sysFlag = records.readInt32BE(start + 36);
    const bornHostBytes = (sysFlag & BORN_HOST_IPV6) === 0 ? 8 : 20;
    const storeHostBytes = (sysFlag & STORE_HOST_IPV6) === 0 ? 8 : 20;
    const topicLengthBytes = magic === MAGIC_V1 ? 1 : 2;
    const unsized = FIXED_BYTES + bornHostBytes + storeHostBytes + topicLengthBytes;
    const end = start + size;
    const storeTimestampAt = start + 48 + bornHostBytes;
    const reconsumeTimesAt = storeTimestampAt + 8 + storeHostBytes;
    const bodyStart = reconsumeTimesAt + 16;
    if (size < unsized) throw this.#malformed(start, `its size ${size} is below the smallest possible, ${unsized}`);
    const bodyBytes = records.readInt32BE(bodyStart - 4);
    if (bodyBytes < 0 || bodyBytes > size - unsized) throw this.#malformed(start, `its body has ${bodyBytes} bytes`);
    const bodyEnd = bodyStart + bodyBytes;
    const topicBytes = topicLengthBytes === 1 ? records.readUInt8(bodyEnd) : records.readUInt16BE(bodyEnd);
    if (topicBytes > size - unsized - bodyBytes) throw this.#malformed(start, `its topic has ${topicBytes} bytes`);
    const propertiesStart = bodyEnd + topicLengthBytes + topicBytes + 2;
    const propertiesBytes = records.readInt16BE(propertiesStart - 2);
    if (propertiesStart + propertiesBytes !== end)
      throw this.#malformed(start, `its parts end at byte ${propertiesStart + propertiesBytes}, the record at ${end}`);

    this.queueId = records.readInt32BE(start + 12);
    this.flag = records.readInt32BE(start + 16);
    this.queueOffset = readInt64(records, start + 20);
    this.sysFlag = sysFlag;
    this.bornTimestamp = readInt64(records, start + 40);
    this.storeTimestamp = readInt64(records, storeTimestampAt);
    this.reconsumeTimes = records.readInt32BE(reconsumeTimesAt);
    this.bodyStart = bodyStart;
    this.bodyEnd = bodyEnd;
    this.propertiesStart = propertiesStart;
    this.#topicStart = bodyEnd + topicLengthBytes;
    this.propertiesEnd = end;
    this.start = start;
    this.end = end;
    return true;
  }

  #malformed(start: number, reason: string): ProtocolError {
    return new ProtocolError(`malformed stored message at byte ${start} of ${this.records.length}: ${reason}`);
  }
}

/** Name to value of the message that the cursor stands on. */
export function propertiesOf({ records, propertiesStart, propertiesEnd }: MessageCursor): Map<string, string> {
  return decodeProperties(records.subarray(propertiesStart, propertiesEnd));
}
