import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeText, readPlace } from '../../../src/replication/provenance.ts';

const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe('a place as text', () => {
  test('reads back what was written, whatever the broker is called', () => {
    const place = fc.record({
      source: fc.record({
        cluster: fc.stringMatching(/^[A-Za-z0-9-]{1,24}$/),
        topic: fc.stringMatching(/^[%|A-Za-z0-9_-]{1,127}$/),
        broker: fc.string({ minLength: 1 }),
        queue: number,
        generation: number,
      }),
      offset: number,
    });
    fc.assert(
      fc.property(place, (wanted) => {
        expect(readPlace(placeText(wanted))).toEqual(wanted);
      }),
    );
  });

  test.each(['', '1:east:orders:0:0:5', '2:east:orders:0:0:5:east-a', '1:east:orders:x:0:5:east-a', ' 1:e:o:0:0:5:a'])(
    '%j is none',
    (text) => {
      expect(readPlace(text)).toBeUndefined();
    },
  );
});
