import { expect, test } from 'vitest';
import { frameCode, frameOpaque, takeFrames } from '../../support/frames.ts';

function jsonFrame(code: number, opaque: number, body = ''): Buffer {
  const header = Buffer.from(JSON.stringify({ code, opaque }));
  const frame = Buffer.alloc(8 + header.length + body.length);
  frame.writeInt32BE(frame.length - 4, 0);
  frame.writeInt32BE(header.length, 4);
  header.copy(frame, 8);
  frame.write(body, 8 + header.length);
  return frame;
}

test('cuts a stream into frames wherever it is split', () => {
  const stream = Buffer.concat([jsonFrame(10, 1, 'body'), jsonFrame(11, 2)]);
  for (let at = 0; at <= stream.length; at++) {
    const first = takeFrames(stream.subarray(0, at));
    const second = takeFrames(Buffer.concat([first.rest, stream.subarray(at)]));
    expect([...first.frames, ...second.frames].map(frameCode)).toEqual([10, 11]);
    expect(second.rest).toHaveLength(0);
  }
});

test('reads code and opaque from both header forms', () => {
  const json = jsonFrame(320, 77);
  const binary = Buffer.from(
    '00000016' + '01000012' + '0140' + '0c' + '01ff' + '0000004d' + '00000000' + '0000000000',
    'hex',
  );
  for (const frame of [json, binary]) expect([frameCode(frame), frameOpaque(frame)]).toEqual([320, 77]);
});
