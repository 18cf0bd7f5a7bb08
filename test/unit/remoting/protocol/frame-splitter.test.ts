import fc from 'fast-check';
import { expect, test } from 'vitest';

import { FrameSplitter } from '../../../../src/remoting/protocol/frame-splitter.ts';
import { ProtocolError } from '../../../../src/remoting/protocol/protocol-error.ts';

function framed(contents: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    contents.flatMap((content) => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(content.length);
      return [length, content];
    }),
  );
}

function split(chunks: readonly Buffer[], splitter = new FrameSplitter()): string[] {
  const frames: Buffer[] = [];
  for (const chunk of chunks) splitter.push(chunk, (frame) => frames.push(frame));
  // Only now, because what came later must have changed none of them.
  return frames.map((frame) => frame.toString('hex'));
}

const contents = fc.array(fc.uint8Array({ minLength: 4, maxLength: 40 }), { maxLength: 8 });

test('gives the same frames however the stream is cut', () => {
  fc.assert(
    fc.property(contents, fc.array(fc.nat(400)), (frames, cuts) => {
      const stream = framed(frames);
      const ends = [...new Set(cuts.map((cut) => cut % (stream.length + 1))), stream.length].sort((a, b) => a - b);
      const chunks = ends.map((end, index) => stream.subarray(ends[index - 1] ?? 0, end));
      expect(split(chunks)).toEqual(frames.map((frame) => Buffer.from(frame).toString('hex')));
    }),
  );
});

test('gives the same frames when cut in two at every byte', () => {
  const stream = framed([Buffer.from('abcd'), Buffer.from('efghijk'), Buffer.from('lmno')]);
  const whole = split([stream]);
  expect(whole).toHaveLength(3);
  for (let cut = 0; cut <= stream.length; cut++)
    expect(split([stream.subarray(0, cut), stream.subarray(cut)])).toEqual(whole);
});

test('says where the next bytes belong: the rest of a frame straight into the frame', () => {
  const splitter = new FrameSplitter();
  const content = Buffer.alloc(100_000, 'message');
  const stream = framed([content, Buffer.from('next')]);
  const frames: Buffer[] = [];
  const rooms: Buffer[] = [];
  for (let position = 0; position < stream.length;) {
    const room = splitter.space();
    rooms.push(room);
    const bytes = stream.copy(room, 0, position);
    splitter.filled(bytes, (frame) => frames.push(frame));
    position += bytes;
  }
  expect(frames.map((frame) => frame.length)).toEqual([content.length, 4]);
  expect(frames[0]!.equals(content)).toBe(true);
  expect(rooms).toHaveLength(3);
  expect(rooms[1]!.buffer).toBe(frames[0]!.buffer);
  expect(rooms[1]!.length).toBeGreaterThan(80_000);
});

test('takes a large frame in small chunks without copying it again and again', () => {
  const size = 8 * 1024 * 1024;
  const stream = framed([Buffer.alloc(size, 7)]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += 1024) chunks.push(stream.subarray(at, at + 1024));
  const splitter = new FrameSplitter();
  let frames = 0;
  const started = performance.now();
  for (const chunk of chunks) splitter.push(chunk, (frame) => (frames += frame.length === size ? 1 : 100));
  expect(frames).toBe(1);
  // Copying everything again at each of 8,192 chunks would move 32 GiB.
  expect(performance.now() - started).toBeLessThan(2_000);
});

test.each([
  ['an HTTP answer', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ['a frame too short for a header', Buffer.from([0, 0, 0, 3, 1, 2, 3])],
  ['a frame above the limit', Buffer.from([0x01, 0, 0, 1])],
])('refuses %s', (_, bytes) => {
  for (let cut = 0; cut <= 3; cut++)
    expect(() => split([bytes.subarray(0, cut), bytes.subarray(cut)])).toThrow(ProtocolError);
});
