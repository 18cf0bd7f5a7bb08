import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Annotator, writeDigits, type Annotated } from '../../../src/pump/annotate.ts';
import { NOT_COPIED } from '../../../src/pump/properties.ts';
import { MessageCursor } from '../../../src/transport/message.ts';
import { nameOf, part, wire } from '../../support/property-bytes.ts';
import {
  decodeBatch,
  readProperties,
  storedRecord,
  wireProperties,
  type StoredMessage,
} from '../../support/records.ts';

const SOURCE = { cluster: 'east', topic: 'orders', broker: 'broker:a 1', queue: 7, generation: 2 };
const TAGS = [
  { key: 'region', value: 'east' },
  { key: 'note', value: 'grüße' },
];
const OWN = ['REPL_FROM', 'REPL_ORIGIN', 'REPL_PATH', 'REPL_BORN', 'region', 'note'];
const DROPPED = new Set([...NOT_COPIED, ...OWN]);
const NAMES = ['region', 'note'];
const LONGEST = 32_767 - 32;
const GUARD = Buffer.alloc(64, 0xaa);

/** Writes one message behind `position` bytes of others; looks after everything that must stay as it is. */
function annotate(
  message: Partial<StoredMessage>,
  options: { position?: number; born?: number; annotator?: Annotator } = {},
) {
  const { position = 0, born = 0, annotator = new Annotator(SOURCE, 'west', TAGS) } = options;
  const cursor = new MessageCursor(storedRecord(message));
  cursor.next();
  const bound = annotator.bound(cursor);
  const target = Buffer.alloc(position + bound + GUARD.length, 0xaa);
  annotator.position = position;
  const outcome: Annotated = annotator.write(cursor, target, born);
  expect(target.subarray(0, position)).toEqual(Buffer.alloc(position, 0xaa));
  expect(target.subarray(position + bound)).toEqual(GUARD);
  if (outcome !== 'written') expect(annotator.position).toBe(position);
  return { outcome, batch: target.subarray(position, annotator.position), bound };
}

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const clusters = fc.array(fc.constantFrom('east', 'north', 'south', 'west', 'wes', 'westend', 'a'), {
  minLength: 1,
  maxLength: 3,
});
/** Provenance of an earlier copy, as another flow wrote it, anywhere among the properties. */
const earlier = fc.option(
  fc.record({
    origin: fc.constantFrom('north', 'south', 'west', 'westend', 'wes'),
    path: fc.option(clusters, { nil: undefined }),
    born: fc.option(fc.nat(), { nil: undefined }),
    at: fc.nat(),
  }),
  { nil: undefined },
);
const message = fc.record({
  queueOffset: fc.maxSafeNat(),
  flag: int32,
  sysFlag: fc.constantFrom(0, 0x1 | 0x300, 0x10, 0x30, 8),
  bornTimestamp: fc.maxSafeNat(),
  body: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
});
const parts = fc.array(part, { maxLength: 10 });

describe('R2, R3, R7: a message as a copy', () => {
  test('keeps flag, body and properties, and says where it came from', () => {
    fc.assert(
      fc.property(
        message,
        parts,
        earlier,
        fc.boolean(),
        fc.nat(100),
        fc.boolean(),
        (stored, plain, former, endsWithSeparator, position, sameBorn) => {
          const all = plain.filter((each) => !OWN.includes(nameOf(each)));
          if (former) all.splice(former.at % (all.length + 1), 0, ...formerParts(former));
          const properties = wire(all, endsWithSeparator);
          const born = sameBorn ? stored.bornTimestamp : stored.bornTimestamp + 1;
          const { outcome, batch } = annotate({ ...stored, properties }, { position, born });

          const passed = former ? [former.origin, ...(former.path ?? [])] : [];
          if (passed.includes('west')) {
            expect(outcome).toBe('loop');
            return;
          }
          expect(outcome).toBe('written');
          const [copy, ...others] = decodeBatch(batch);
          expect(others).toEqual([]);
          expect(copy).toMatchObject({ flag: stored.flag, body: stored.body });

          const kept = all.filter((each) => !DROPPED.has(nameOf(each)));
          if (!endsWithSeparator && all.at(-1)?.length === 0) kept.pop();
          const keptBytes = wire(kept, true);
          expect(copy!.properties.subarray(0, keptBytes.length)).toEqual(keptBytes);
          expect(readProperties(copy!.properties.subarray(keptBytes.length))).toEqual([
            ['REPL_FROM', `1:east:orders:7:2:${stored.queueOffset}:broker:a 1`],
            ['region', 'east'],
            ['note', latin1('grüße')],
            ['REPL_ORIGIN', former?.origin ?? 'east'],
            ...(former ? [['REPL_PATH', `${former.path?.join(',') ?? former.origin},east`]] : []),
            ...bornProperty(stored, former?.born, sameBorn),
          ]);
          expect(copy!.properties.at(-1)).toBe(2);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('writes one behind the other', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), (all) => {
        const annotator = new Annotator(SOURCE, 'west', []);
        const cursor = new MessageCursor(Buffer.concat(all.map((each) => storedRecord(each))));
        const target = Buffer.alloc(2000);
        while (cursor.next()) expect(annotator.write(cursor, target, 0)).toBe('written');
        const batch = decodeBatch(target.subarray(0, annotator.position));
        expect(batch.map(({ flag, body }) => ({ flag, body }))).toEqual(all.map(({ flag, body }) => ({ flag, body })));
      }),
    );
  });

  test.each([
    ['REPL_ORIGIN', 'west', 'loop'],
    ['REPL_ORIGIN', 'westend', 'written'],
    ['REPL_ORIGIN', 'wes', 'written'],
    ['REPL_PATH', 'north,west', 'loop'],
    ['REPL_PATH', 'west,north', 'loop'],
    ['REPL_PATH', 'north,west,south', 'loop'],
    ['REPL_PATH', 'north,westend,awest', 'written'],
    ['REPL_PATH', 'west ', 'written'],
    ['X', 'west', 'written'],
  ])('R7: %s %s -> %s', (name, value, outcome) => {
    const properties = wireProperties({ REPL_ORIGIN: 'north', [name]: value, KEYS: 'west' });
    expect(annotate(plainMessage(properties)).outcome).toBe(outcome);
  });

  test('is refused where its properties and provenance are too long, up to the byte', () => {
    const added = annotate(plainMessage(Buffer.alloc(0))).batch.length - 22;
    const fits = wireProperties({ LONG: 'x'.repeat(LONGEST - added - 'LONG'.length - 2) });
    const { outcome, batch } = annotate(plainMessage(fits));
    expect(outcome).toBe('written');
    expect(decodeBatch(batch)[0]!.properties).toHaveLength(LONGEST);
    const tooLong = wireProperties({ LONG: 'x'.repeat(LONGEST - added - 'LONG'.length - 1) });
    expect(annotate(plainMessage(tooLong)).outcome).toBe('properties-too-long');
  });

  test('names that a task sets replace what the message had', () => {
    const { batch } = annotate(plainMessage(wireProperties({ region: 'mars', KEYS: 'k' })));
    const values = readProperties(decodeBatch(batch)[0]!.properties).filter(([name]) => NAMES.includes(name));
    expect(values).toEqual([
      ['region', 'east'],
      ['note', latin1('grüße')],
    ]);
  });
});

test('writeDigits writes any whole number that a number holds exactly', () => {
  const edge = fc
    .nat(15)
    .chain((power) => fc.integer({ min: -1, max: 1 }).map((step) => Math.max(0, 10 ** power + step)));
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(), edge), fc.nat(5), (value, at) => {
      const target = Buffer.alloc(at + 16 + 1, 0xaa);
      const end = writeDigits(value, target, at);
      expect(target.toString('latin1', at, end)).toBe(String(value));
      expect(target.subarray(end)).toEqual(Buffer.alloc(target.length - end, 0xaa));
    }),
    { numRuns: 1000 },
  );
});

function plainMessage(properties: Buffer): StoredMessage {
  return {
    queueOffset: 1,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 0,
    reconsumeTimes: 0,
    body: Buffer.alloc(0),
    properties,
  };
}

function formerParts({ origin, path, born }: { origin: string; path: string[] | undefined; born: number | undefined }) {
  return [
    'REPL_FROM\u00011:north:orders:0:0:5:b',
    `REPL_ORIGIN\u0001${origin}`,
    ...(path ? [`REPL_PATH\u0001${path.join(',')}`] : []),
    ...(born === undefined ? [] : [`REPL_BORN\u0001${born}`]),
    'region\u0001north',
  ].map((text) => Buffer.from(text));
}

/** The first producer's time stays; else the message's own, where the batch has another. */
function bornProperty(
  { bornTimestamp }: Pick<StoredMessage, 'bornTimestamp'>,
  born: number | undefined,
  sameBorn: boolean,
): string[][] {
  if (born !== undefined) return [['REPL_BORN', String(born)]];
  return sameBorn ? [] : [['REPL_BORN', String(bornTimestamp)]];
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}
