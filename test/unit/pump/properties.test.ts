import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findProperty, NOT_COPIED, PropertySplicer } from '../../../src/pump/properties.ts';
import { nameOf, part, wire } from '../../support/property-bytes.ts';

const OWN = ['REPL_FROM', 'REPL_ORIGIN', 'REPL_PATH', 'REPL_BORN'];
const TASK = ['region', 'größe-数量'];
const DROPPED = new Set([...NOT_COPIED, ...OWN, ...TASK].map((name) => Buffer.from(name).toString('latin1')));

const own = fc
  .tuple(fc.constantFrom(...OWN, ...TASK), fc.string({ maxLength: 10 }))
  .map(([name, value]) => Buffer.from(`${name}\u0001${value.replaceAll('\u0002', '')}`));
const parts = fc.array(fc.oneof({ weight: 4, arbitrary: part }, own), { maxLength: 12 });
const surroundings = fc.record({ before: fc.nat(20), behind: fc.nat(20), at: fc.nat(20) });

const splicer = new PropertySplicer(TASK);

/** Splices properties that lie among other bytes into a target that holds other bytes as well, and looks after these. */
function splice(properties: Buffer, { before, behind, at }: { before: number; behind: number; at: number }): Buffer {
  const source = Buffer.concat([Buffer.alloc(before, 1), properties, Buffer.alloc(behind, 2)]);
  const room = properties.length + 1;
  const target = Buffer.alloc(at + room + 10, 0xaa);
  const end = splicer.splice(source, before, before + properties.length, target, at);
  expect(end).toBeLessThanOrEqual(at + room);
  expect(target.subarray(0, at)).toEqual(Buffer.alloc(at, 0xaa));
  expect(target.subarray(at + room)).toEqual(Buffer.alloc(10, 0xaa));
  return target.subarray(at, end);
}

describe('R2: properties', () => {
  test('what is kept keeps its bytes and its place, what would act again is gone', () => {
    fc.assert(
      fc.property(parts, fc.boolean(), surroundings, (all, endsWithSeparator, around) => {
        const properties = wire(all, endsWithSeparator);
        // the last part has no 0x02 where it is empty and the wire form does not end with one
        const kept = all.filter((each) => !DROPPED.has(nameOf(each)));
        if (!endsWithSeparator && all.at(-1)?.length === 0) kept.pop();
        expect(splice(properties, around)).toEqual(wire(kept, true));
      }),
      { numRuns: 1000 },
    );
  });

  test('of an earlier copy origin, path and born are told', () => {
    fc.assert(
      fc.property(parts, fc.boolean(), (all, endsWithSeparator) => {
        const properties = wire(all, endsWithSeparator);
        const source = Buffer.concat([Buffer.of(0), properties]);
        splicer.splice(source, 1, source.length, Buffer.alloc(source.length + 1), 0);
        for (const [name, { start, end }] of [
          ['REPL_ORIGIN', splicer.origin],
          ['REPL_PATH', splicer.path],
          ['REPL_BORN', splicer.born],
        ] as const) {
          const last = all.findLast((each) => nameOf(each) === name);
          expect(source.toString('utf8', start, end)).toBe(last?.toString('utf8', name.length + 1) ?? '');
        }
      }),
    );
  });

  test.each(NOT_COPIED.map((name) => [name]))('%s is not copied, wherever it stands', (name) => {
    const kept = Buffer.from('KEYS\u0001k\u0002TAGS\u0001t\u0002');
    const dropped = `${name}\u00013\u0002`;
    for (const text of [
      `${dropped}KEYS\u0001k\u0002TAGS\u0001t\u0002`,
      `KEYS\u0001k\u0002${dropped}TAGS\u0001t\u0002`,
      `KEYS\u0001k\u0002TAGS\u0001t\u0002${dropped}`,
      `KEYS\u0001k\u0002TAGS\u0001t\u0002${dropped.slice(0, -1)}`,
      `${dropped}${dropped}KEYS\u0001k\u0002${dropped}TAGS\u0001t`,
    ])
      expect(splice(Buffer.from(text), { before: 0, behind: 5, at: 0 })).toEqual(kept);
  });

  test('a value that holds a 0x02 hides nothing behind it', () => {
    const properties = Buffer.from('note\u0001one\u0002two\u0002DELAY\u00013\u0002KEYS\u0001k\u0002');
    expect(splice(properties, { before: 3, behind: 3, at: 3 })).toEqual(
      Buffer.from('note\u0001one\u0002two\u0002KEYS\u0001k\u0002'),
    );
  });
});

describe('findProperty', () => {
  test('finds the first property that begins so, and no value or other name that looks like it', () => {
    const start = fc.constantFrom('KEYS\u0001', 'KEYS\u0001a', 'D\u0001').map((text) => Buffer.from(text));
    fc.assert(
      fc.property(parts, fc.boolean(), start, surroundings, (all, endsWithSeparator, wanted, { before, behind }) => {
        const properties = wire(all, endsWithSeparator);
        const source = Buffer.concat([
          Buffer.alloc(before, 1),
          properties,
          Buffer.from('KEYS\u0001a'),
          Buffer.alloc(behind),
        ]);
        const found = findProperty(source, before, before + properties.length, wanted);
        const index = all.findIndex((each) => each.subarray(0, wanted.length).equals(wanted));
        const at = before + wire(all.slice(0, index), true).length + wanted.length;
        expect(found).toBe(index < 0 ? -1 : at);
      }),
      { numRuns: 1000 },
    );
  });
});
