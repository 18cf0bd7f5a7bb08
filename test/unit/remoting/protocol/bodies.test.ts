import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  BATCH_HEAD_BYTES,
  BATCH_OVERHEAD_BYTES,
  MAX_PROPERTIES_BYTES,
  writeBatchHead,
  writeBatchPropertiesLength,
} from '../../../../src/remoting/protocol/batch-message.ts';
import { parseLooseJson } from '../../../../src/remoting/protocol/loose-json.ts';
import { decodeProperties, encodeProperties } from '../../../../src/remoting/protocol/properties.ts';
import { ProtocolError } from '../../../../src/remoting/protocol/protocol-error.ts';

describe('batch message', () => {
  test('is laid out as documented, wherever it stands in the buffer', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.integer(), fc.nat(100), fc.nat(100), (position, flag, bodyBytes, propertiesBytes) => {
        const target = Buffer.alloc(300, 0xff);
        const bodyStart = writeBatchHead(target, position, flag | 0, bodyBytes, propertiesBytes);
        const propertiesStart = writeBatchPropertiesLength(target, bodyStart + bodyBytes, propertiesBytes);
        expect(bodyStart).toBe(position + BATCH_HEAD_BYTES);
        expect(target.readInt32BE(position)).toBe(propertiesStart + propertiesBytes - position);
        expect(target.readInt32BE(position)).toBe(BATCH_OVERHEAD_BYTES + bodyBytes + propertiesBytes);
        expect(target.readBigInt64BE(position + 4)).toBe(0n);
        expect(target.readInt32BE(position + 12)).toBe(flag | 0);
        expect(target.readInt32BE(position + 16)).toBe(bodyBytes);
        expect(target.readInt16BE(bodyStart + bodyBytes)).toBe(propertiesBytes);
      }),
    );
  });

  test('refuses properties that are too long', () => {
    expect(() => writeBatchPropertiesLength(Buffer.alloc(2), 0, MAX_PROPERTIES_BYTES + 1)).toThrow(RangeError);
  });
});

describe('properties', () => {
  test('are read back as written', () => {
    const part = fc.string({ minLength: 1 }).filter((value) => !value.includes('\u0001') && !value.includes('\u0002'));
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(part, part), { selector: ([name]) => name }), (properties) => {
        expect([...decodeProperties(encodeProperties(properties))]).toEqual(properties);
      }),
    );
  });

  test('may lack the last separator and hold an empty value or nonsense', () => {
    const bytes = Buffer.from('a\u00011\u0002nonsense\u0002e\u0001\u0002\u0001x\u0002z\u00012');
    expect([...decodeProperties(bytes)]).toEqual([
      ['a', '1'],
      ['e', ''],
      ['z', '2'],
    ]);
  });
});

describe('loose JSON', () => {
  test('takes number keys without quotes, and leaves strings alone', () => {
    expect(parseLooseJson('{0:"a",1 : {2:[3,4]},"x":"{5:6}, 7:8 \\"9:","-1":-1}')).toEqual({
      '0': 'a',
      '1': { '2': [3, 4] },
      x: '{5:6}, 7:8 "9:',
      '-1': -1,
    });
  });

  test('takes objects as keys', () => {
    const parsed = parseLooseJson('{"t":{{"n":"{x}:","q":0}:{"a":[{1:2},{"b":3}]},{"q":1} : 5}}');
    expect(parsed).toEqual({ t: { '{"n":"{x}:","q":0}': { a: [{ '1': 2 }, { b: 3 }] }, '{"q":1}': 5 } });
  });

  test('agrees with JSON on anything that is JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseLooseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  test('reads any map of number keys as fastjson writes it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.integer().map(String), fc.string()), (map) => {
        const entries = Object.entries(map).map(([key, value]) => `${key}:${JSON.stringify(value)}`);
        expect(parseLooseJson(`{${entries.join(',')}}`)).toEqual(map);
      }),
    );
  });

  test('refuses anything else', () => {
    expect(() => parseLooseJson('<html>')).toThrow(ProtocolError);
  });
});
