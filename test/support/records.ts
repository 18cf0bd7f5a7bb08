/** Stored messages and batches in bytes, by the broker's layout and not by the product's code. */

export interface StoredMessage {
  readonly queueOffset: number;
  readonly flag: number;
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  readonly reconsumeTimes: number;
  readonly body: Buffer;
  /** In wire form. */
  readonly properties: Buffer;
}

const MAGIC = -626_843_481;
const TOPIC = Buffer.from('topic');
const BORN_HOST_IPV6 = 0x10;
const STORE_HOST_IPV6 = 0x20;

/** A message as a broker stores it and answers it to a pull. */
export function storedRecord(message: Partial<StoredMessage>): Buffer {
  const { queueOffset = 0, flag = 0, sysFlag = 0, bornTimestamp = 0, reconsumeTimes = 0 } = message;
  const { body = Buffer.alloc(0), properties = Buffer.alloc(0) } = message;
  const host = (bit: number) => Buffer.alloc((sysFlag & bit) === 0 ? 8 : 20, 0xee);
  const rest = Buffer.concat([
    // magic, body CRC, queue, flag
    ints(MAGIC, 0, 0, flag),
    // queue offset, physical offset
    longs(queueOffset, 12_345),
    ints(sysFlag),
    longs(bornTimestamp),
    host(BORN_HOST_IPV6),
    // store timestamp
    longs(1),
    host(STORE_HOST_IPV6),
    // times consumed again, offset of the prepared transaction
    ints(reconsumeTimes),
    longs(0),
    ints(body.length),
    body,
    Buffer.from([TOPIC.length]),
    TOPIC,
    Buffer.from([properties.length >> 8, properties.length & 0xff]),
    properties,
  ]);
  return Buffer.concat([ints(rest.length + 4), rest]);
}

export interface BatchedMessage {
  readonly flag: number;
  readonly body: Buffer;
  /** In wire form. */
  readonly properties: Buffer;
}

/** Takes the body of a batch send apart, as a broker does. */
export function decodeBatch(bytes: Buffer): BatchedMessage[] {
  const messages: BatchedMessage[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = bytes.readInt32BE(at);
    const bodyAt = at + 20;
    const bodyLength = bytes.readInt32BE(at + 16);
    const propertiesAt = bodyAt + bodyLength + 2;
    const propertiesLength = bytes.readInt16BE(propertiesAt - 2);
    if (propertiesAt + propertiesLength !== at + size)
      throw new Error(`the message at byte ${at} of a batch has ${size} bytes, its fields end elsewhere`);
    messages.push({
      flag: bytes.readInt32BE(at + 12),
      body: bytes.subarray(bodyAt, bodyAt + bodyLength),
      properties: bytes.subarray(propertiesAt, propertiesAt + propertiesLength),
    });
    at += size;
  }
  return messages;
}

/** Names and values in their order, one character a byte; a part without a name is left out, as brokers do. */
export function readProperties(wire: Buffer): [name: string, value: string][] {
  return wire
    .toString('latin1')
    .split('\u0002')
    .filter((part) => part.indexOf('\u0001') > 0)
    .map((part) => [part.slice(0, part.indexOf('\u0001')), part.slice(part.indexOf('\u0001') + 1)]);
}

/** `name=value` for each, in wire form. */
export function wireProperties(properties: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(
    Object.entries(properties)
      .map(([name, value]) => `${name}\u0001${value}\u0002`)
      .join(''),
  );
}

function ints(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeInt32BE(value, 4 * index);
  return bytes;
}

function longs(...values: number[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  for (const [index, value] of values.entries()) bytes.writeBigInt64BE(BigInt(value), 8 * index);
  return bytes;
}
