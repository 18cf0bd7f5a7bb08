import fc from 'fast-check';
import { expect, test } from 'vitest';

import { ProtocolError } from '../../../../src/remoting/protocol/protocol-error.ts';
import { MessageCursor } from '../../../../src/remoting/protocol/stored-message.ts';

interface Stored {
  queueId: number;
  flag: number;
  queueOffset: number;
  sysFlag: number;
  bornTimestamp: number;
  storeTimestamp: number;
  reconsumeTimes: number;
  body: Buffer;
  topic: Buffer;
  properties: Buffer;
}

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((value) => Buffer.from(value));
const stored = fc.record({
  queueId: int32,
  flag: int32,
  queueOffset: fc.maxSafeNat(),
  sysFlag: int32,
  bornTimestamp: fc.maxSafeNat(),
  storeTimestamp: fc.maxSafeNat(),
  reconsumeTimes: int32,
  body: bytes(60),
  topic: bytes(300),
  properties: bytes(60),
});

/** A record as the broker lays it out; a topic over 127 bytes takes the second layout. */
function record(message: Stored): Buffer {
  const int = (value: number, size: number) => {
    const buffer = Buffer.alloc(size);
    if (size === 8) buffer.writeBigInt64BE(BigInt(value));
    else if (size === 4) buffer.writeInt32BE(value);
    else buffer.writeUIntBE(value, 0, size);
    return buffer;
  };
  const long = message.topic.length > 127;
  const host = (v6: number) => Buffer.alloc((message.sysFlag & v6) === 0 ? 8 : 20, 0xee);
  const rest = Buffer.concat([
    int(long ? -626843477 : -626843481, 4),
    int(0, 4),
    int(message.queueId, 4),
    int(message.flag, 4),
    int(message.queueOffset, 8),
    int(12_345, 8),
    int(message.sysFlag, 4),
    int(message.bornTimestamp, 8),
    host(0x10),
    int(message.storeTimestamp, 8),
    host(0x20),
    int(message.reconsumeTimes, 4),
    int(0, 8),
    int(message.body.length, 4),
    message.body,
    int(message.topic.length, long ? 2 : 1),
    message.topic,
    int(message.properties.length, 2),
    message.properties,
  ]);
  return Buffer.concat([int(rest.length + 4, 4), rest]);
}

test('walks over any messages', () => {
  fc.assert(
    fc.property(fc.array(stored, { maxLength: 5 }), (messages) => {
      const cursor = new MessageCursor(Buffer.concat(messages.map(record)));
      let start = 0;
      for (const { body, properties, topic, ...numbers } of messages) {
        expect(cursor.next()).toBe(true);
        expect(cursor).toMatchObject(numbers);
        expect(cursor.records.subarray(cursor.bodyStart, cursor.bodyEnd)).toEqual(body);
        expect(cursor.records.subarray(cursor.propertiesStart, cursor.propertiesEnd)).toEqual(properties);
        expect(topic.length).toBe(cursor.propertiesStart - 2 - cursor.bodyEnd - (topic.length > 127 ? 2 : 1));
        expect(cursor.start).toBe(start);
        start = cursor.end;
      }
      expect(cursor.next()).toBe(false);
      expect(cursor.end).toBe(cursor.records.length);
    }),
  );
});

const EXAMPLE = record({
  queueId: 1,
  flag: 2,
  queueOffset: 3,
  sysFlag: 0x10,
  bornTimestamp: 4,
  storeTimestamp: 5,
  reconsumeTimes: 6,
  body: Buffer.from('body'),
  topic: Buffer.from('topic'),
  properties: Buffer.from('a\u0001b\u0002'),
});

test('refuses a record that is cut anywhere', () => {
  for (let length = 1; length < EXAMPLE.length; length++)
    expect(() => new MessageCursor(EXAMPLE.subarray(0, length)).next()).toThrow(ProtocolError);
});

test('refuses a record whose size, body, topic or properties do not add up', () => {
  const bodyLengthAt = EXAMPLE.indexOf('body') - 4;
  const topicLengthAt = EXAMPLE.indexOf('topic') - 1;
  const wrongs: ((bytes: Buffer) => void)[] = [
    (b) => b.writeInt32BE(EXAMPLE.length - 1, 0),
    (b) => b.writeInt32BE(-1, 0),
    (b) => b.writeInt32BE(0, 0),
    (b) => b.writeInt32BE(0x12345678, 4),
    (b) => b.writeInt32BE(0, 36),
    (b) => b.writeInt32BE(0x30, 36),
    (b) => b.writeInt32BE(-1, bodyLengthAt),
    (b) => b.writeInt32BE(5, bodyLengthAt),
    (b) => b.writeInt32BE(0x7fffffff, bodyLengthAt),
    (b) => b.writeUInt8(4, topicLengthAt),
    (b) => b.writeUInt8(255, topicLengthAt),
    (b) => b.writeInt16BE(-1, EXAMPLE.length - 6),
    (b) => b.writeInt16BE(3, EXAMPLE.length - 6),
    (b) => b.writeInt32BE(-1, 20),
  ];
  for (const wrong of wrongs) {
    const records = Buffer.concat([EXAMPLE, EXAMPLE]);
    wrong(records);
    expect(() => new MessageCursor(records).next(), wrong.toString()).toThrow(ProtocolError);
  }
});

test('answers any damage with a message or a ProtocolError', () => {
  fc.assert(
    fc.property(fc.nat(EXAMPLE.length - 1), fc.nat(255), (position, value) => {
      const records = Buffer.from(EXAMPLE);
      records[position] = value;
      try {
        new MessageCursor(records).next();
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
    { numRuns: 2_000 },
  );
});
