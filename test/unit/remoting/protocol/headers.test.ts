import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Command } from '../../../../src/remoting/protocol/command.ts';
import { ProtocolError } from '../../../../src/remoting/protocol/protocol-error.ts';
import { readFrame } from '../../../../src/remoting/protocol/read-frame.ts';
import { writeFrameHead } from '../../../../src/remoting/protocol/write-frame.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 30 });
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const command = fc.record({
  code: fc.integer({ min: -1_000, max: 32_767 }),
  opaque: int32,
  flag: fc.nat(3),
  remark: text,
  fields: fc.dictionary(text, text),
  body: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
});

/** The ROCKETMQ form, written here for the tests: the product only reads it. */
function binaryFrame({ code, opaque, flag, remark, fields, body }: Command): Buffer {
  const sized = (value: string, bytes: 2 | 4) => {
    const content = Buffer.from(value);
    const length = Buffer.alloc(bytes);
    length.writeUIntBE(content.length, 0, bytes);
    return Buffer.concat([length, content]);
  };
  const map = Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [sized(name, 2), sized(value, 4)]));
  const start = Buffer.alloc(13);
  start.writeInt16BE(code, 0);
  start.writeInt32BE(opaque, 5);
  start.writeInt32BE(flag, 9);
  const mapBytes = Buffer.alloc(4);
  mapBytes.writeInt32BE(map.length);
  const header = Buffer.concat([start, sized(remark, 4), mapBytes, map]);
  const word = Buffer.alloc(4);
  word.writeInt32BE((1 << 24) | header.length);
  return Buffer.concat([word, header, body]);
}

test('reads back what it writes, in JSON', () => {
  fc.assert(
    fc.property(command, ({ code, opaque, flag, fields, body }) => {
      const head = writeFrameHead(code, opaque, flag, fields, body.length);
      expect(head.readInt32BE(0)).toBe(head.length - 4 + body.length);
      expect(readFrame(Buffer.concat([head.subarray(4), body]))).toEqual({
        code,
        opaque,
        flag,
        remark: '',
        fields: { ...fields },
        body,
      });
    }),
  );
});

test('reads the binary form', () => {
  fc.assert(
    fc.property(command, (expected) => {
      expect(readFrame(binaryFrame(expected))).toEqual({ ...expected, fields: { ...expected.fields } });
    }),
  );
});

test('refuses a frame of either form that is cut short, and never reads beyond it', () => {
  const frames = [
    binaryFrame({ code: 0, opaque: 7, flag: 1, remark: 'why', fields: { a: 'b', cd: 'efg' }, body: Buffer.alloc(0) }),
    writeFrameHead(0, 7, 1, { a: 'b' }, 0).subarray(4),
  ];
  for (const frame of frames)
    for (let length = 4; length < frame.length; length++) {
      const cut = Buffer.from(frame.subarray(0, length));
      expect(() => readFrame(cut)).toThrow(ProtocolError);
      // With a header length that fits, the header itself is what is cut short.
      cut.writeUIntBE(length - 4, 1, 3);
      expect(() => readFrame(cut)).toThrow(ProtocolError);
    }
});

test('answers any bytes with a command or a ProtocolError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 80 }), fc.constantFrom(0, 1), (bytes, form) => {
      const frame = Buffer.from(bytes);
      frame.writeUInt8(form, 0);
      frame.writeUIntBE(frame.length - 4, 1, 3);
      try {
        readFrame(frame);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
    }),
  );
});
