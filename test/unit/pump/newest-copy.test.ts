import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { CopyMatcher, NO_COPY, OLDER_COPY } from '../../../src/pump/copy-matcher.ts';
import {
  findNewestCopy,
  scanCopies,
  type CopyScan,
  type NewestCopy,
  type RepeatedRun,
} from '../../../src/pump/newest-copy.ts';
import { NewerGeneration } from '../../../src/pump/problems.ts';
import { MessageCursor } from '../../../src/transport/message.ts';
import { FakeReader } from '../../support/fake-reader.ts';
import { seeded } from '../../support/messages.ts';
import { storedRecord } from '../../support/records.ts';

const QUEUE = { topic: 'orders', broker: 'west', id: 3 };
const SOURCE = { cluster: 'east', topic: 'orders', broker: 'broker-a', queue: 1, generation: 1 };
const MESSAGES_A_PULL = 32;

/** A message of the destination queue: a copy of our source queue, one from before its history changed, of something that only looks like it, or local. */
type Kind = number | 'older' | 'local' | 'other';

/** Copies of other queues, and whatever else is not to be taken for ours. */
const OTHERS = [
  '1:east:orders:11:1:5:broker-a',
  '1:east:orders:1:1:5:broker-a2',
  '1:east:orders:1:1:5:broker-',
  '1:east:orders:1:1:5',
  '1:east:orders2:1:1:5:broker-a',
  '1:eastern:orders:1:1:5:broker-a',
  '2:east:orders:1:1:5:broker-a',
  '1:east:orders:1:1:x:broker-a',
  '1:east:orders:1:1:5x:broker-a',
  '1:east:orders:1:1::broker-a',
  '1:east:orders:1::5:broker-a',
  '1:east:orders:1:1',
  '1:east:orders:1:',
  '',
];

function properties(from: string | undefined, random: () => number): string {
  const parts = [
    'KEYS\u0001k',
    'note\u00011:east:orders:1:1:9:broker-a',
    'XREPL_FROM\u00011:east:orders:1:1:9:broker-a',
  ];
  if (from !== undefined) parts.splice(Math.floor(parts.length * random() + 0.5), 0, `REPL_FROM\u0001${from}`);
  return parts.join('\u0002') + (random() < 0.5 ? '\u0002' : '');
}

function record(queueOffset: number, kind: Kind, random: () => number, bodyBytes: number): Buffer {
  const from =
    kind === 'local'
      ? undefined
      : kind === 'other'
        ? OTHERS[Math.floor(OTHERS.length * random())]
        : `1:east:orders:1:${kind === 'older' ? '0:7' : `1:${kind}`}:broker-a`;
  return storedRecord({
    queueOffset,
    body: Buffer.alloc(bodyBytes),
    properties: Buffer.from(properties(from, random)),
  });
}

/** A destination queue with these messages; answers come out of order and hold parts of what was asked, if so wished. */
function destination(kinds: readonly Kind[], seed: number, isPartial = false, bodyBytes = 0): FakeReader {
  const random = seeded(seed);
  const reader = new FakeReader(isPartial ? { random } : {});
  reader.append(...kinds.map((kind, offset) => record(offset, kind, random, bodyBytes)));
  return reader;
}

function place(reader: FakeReader, budget = new ByteBudget(1e9)) {
  return { reader, queue: QUEUE, source: SOURCE, budget };
}

interface Recipe {
  readonly seed: number;
  readonly messages: number;
  readonly copies: number;
  readonly localTail: number;
}

/** Copies with rising source offsets among others, and behind them perhaps nothing of ours for long. */
function risingLog({ seed, messages, copies, localTail }: Recipe): Kind[] {
  const random = seeded(seed);
  let sourceOffset = 0;
  const log = Array.from({ length: messages }, (): Kind => {
    if (random() < copies) return (sourceOffset += 1 + Math.floor(3 * random()));
    return random() < 0.5 ? 'local' : 'other';
  });
  return [...log, ...Array.from({ length: localTail }, (): Kind => 'local')];
}

const recipe = fc.record({
  seed: fc.integer(),
  messages: fc.oneof(fc.nat(100), fc.nat(3000)),
  copies: fc.constantFrom(0, 0.001, 0.05, 0.5, 1),
  localTail: fc.constantFrom(0, 0, 10, 2000),
});

/** The copy with the largest source offset; the first one, where there are several. */
function newestOf(log: readonly Kind[], from = 0, until = log.length, above = -1): NewestCopy | undefined {
  let newest: NewestCopy | undefined;
  for (let offset = from; offset < until; offset++) {
    const kind = log[offset]!;
    if (typeof kind === 'number' && kind > (newest?.sourceOffset ?? above)) newest = { sourceOffset: kind, offset };
  }
  return newest;
}

describe('R4: the newest copy', () => {
  test('is found wherever the checkpoint stands, and wherever the queue begins', async () => {
    await fc.assert(
      fc.asyncProperty(
        recipe,
        fc.option(fc.nat(6000), { nil: undefined }),
        fc.nat(6000),
        async (given, checkpoint, cut) => {
          const log = risingLog(given);
          const reader = destination(log, given.seed, given.messages <= 100);
          reader.min = cut <= log.length ? cut : 0;
          const budget = new ByteBudget(1e9);
          expect((await findNewestCopy(place(reader, budget), checkpoint)).newest).toEqual(newestOf(log, reader.min));
          expect(budget.taken).toBe(0);
          // no message is read twice, but for the last pull of a step and the last step
          const steps = 4 + Math.ceil((2 * log.length) / MESSAGES_A_PULL);
          expect(reader.requests.length).toBeLessThanOrEqual(
            given.messages <= 100 ? Infinity : Math.ceil(log.length / MESSAGES_A_PULL) + steps,
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a checkpoint that is true costs one pull, however long the queue is', async () => {
    const log = risingLog({ seed: 1, messages: 3000, copies: 1, localTail: 0 });
    const reader = destination(log, 1);
    expect((await findNewestCopy(place(reader), log.length - 1)).newest).toEqual(newestOf(log));
    expect(reader.requests).toHaveLength(1);
    expect(reader.requests[0]).toMatchObject({ offset: log.length - 1, maxMessages: 1, waitMs: 0 });
  });

  test('a checkpoint that is 1,000 messages old costs 32 pulls', async () => {
    const log = risingLog({ seed: 1, messages: 3000, copies: 1, localTail: 0 });
    const reader = destination(log, 1);
    await findNewestCopy(place(reader), log.length - 1000);
    expect(reader.requests).toHaveLength(32);
  });

  test('without a checkpoint the search begins at the end, and looks a batch further back', async () => {
    const log = risingLog({ seed: 1, messages: 9000, copies: 1, localTail: 0 });
    const reader = destination(log, 1);
    expect((await findNewestCopy(place(reader))).newest).toEqual(newestOf(log));
    expect(Math.min(...reader.requests.map(({ offset }) => offset))).toBe(9000 - 1024 - 4096);
    expect(reader.requests).toHaveLength(32 + 160);
  });

  test('is not a batch that a frozen pump stored late, however the search meets it', async () => {
    const copies = Array.from({ length: 6000 }, (_, offset) => offset);
    // what it sent was copied by another pump, and more behind it
    const late = copies.slice(1000, 1000 + 4096);
    const log: Kind[] = [...copies, ...late];
    for (const checkpoint of [undefined, log.length, 5999]) {
      const scan = await findNewestCopy(place(destination(log, 1)), checkpoint);
      expect(scan.newest).toEqual({ sourceOffset: 5999, offset: 5999 });
      expect(scan.repeated).toEqual([{ offset: 6000, count: 4096 }]);
    }
  });

  test('R8: behind copies from before a change of history nothing is searched for', async () => {
    const log = Array.from({ length: 20_000 }, (): Kind => 'older');
    const reader = destination(log, 1);
    expect((await findNewestCopy(place(reader))).newest).toBeUndefined();
    expect(reader.requests.length).toBeLessThan(200);
  });

  test('an empty queue holds none', async () => {
    expect((await findNewestCopy(place(new FakeReader()), 17)).newest).toBeUndefined();
  });
});

describe('R4: what a part of the log says', () => {
  const anyLog = fc.array(fc.oneof(fc.nat(50), fc.constantFrom<Kind>('older', 'local', 'other')), {
    maxLength: 200,
    size: 'max',
  });

  test('is counted as a plain reader would', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyLog,
        fc.nat(200),
        fc.nat(200),
        fc.integer({ min: -1, max: 60 }),
        fc.integer(),
        async (log, a, b, above, seed) => {
          const [from, until] = [Math.min(a, b, log.length), Math.min(Math.max(a, b), log.length)];
          const scan = await scanCopies(place(destination(log, seed, true)), from, until, above);
          expect(seen(scan)).toEqual(scanOf(log, from, until, above));
        },
      ),
    );
  });

  const log: Kind[] = Array.from({ length: 2000 }, (_, offset) =>
    offset % 7 === 0 ? 3 : offset % 3 === 0 ? 'local' : offset,
  );

  test('retention that removes messages meanwhile takes evidence away, but nothing that was seen', async () => {
    // A small budget: what was asked ahead must not stand in the way of the reading that goes on behind the gap.
    const budget = new ByteBudget(300 * 1024);
    const reader = destination(log, 1, false, 500);
    beforePull(reader, 320, () => (reader.min = 321));
    const before = scanOf(log, 0, 320, -1);
    const behind = scanOf(log, 321, log.length, before.newest!.sourceOffset);
    expect(seen(await scanCopies(place(reader, budget), 0, log.length))).toEqual({
      newest: behind.newest,
      repeated: [...before.repeated, ...behind.repeated],
      older: before.older + behind.older,
      others: before.others + behind.others,
    });
    expect(budget.taken).toBe(0);
  });

  test('what is being removed is passed over as the broker says, though the queue does not begin behind it yet', async () => {
    const reader = destination(log, 1);
    const pull = reader.pull.bind(reader);
    reader.pull = async (queue, request, signal) =>
      request.offset < 100
        ? { kind: 'moved', records: Buffer.alloc(0), nextOffset: 100, range: await reader.range() }
        : await pull(queue, request, signal);
    expect(seen(await scanCopies(place(reader), 0, log.length))).toEqual(scanOf(log, 100, log.length, -1));
  });

  test('a log that is cut off meanwhile is no evidence', async () => {
    const reader = destination(log, 1);
    const pull = reader.pull.bind(reader);
    reader.pull = (queue, request, signal) =>
      request.offset < 100
        ? pull(queue, request, signal)
        : Promise.resolve({ kind: 'moved', records: Buffer.alloc(0), nextOffset: 96, range: { min: 0, max: 96 } });
    await expect(scanCopies(place(reader), 0, log.length)).rejects.toThrow('the destination does not give offset 128');
  });
});

/** Does something when the pull of this offset is sent. */
function beforePull(reader: FakeReader, offset: number, act: () => void): void {
  const pull = reader.pull.bind(reader);
  reader.pull = (queue, request, signal) => {
    if (request.offset === offset) act();
    return pull(queue, request, signal);
  };
}

function scanOf(log: readonly Kind[], from: number, until: number, above: number) {
  let highest = above;
  const repeated: RepeatedRun[] = [];
  let others = 0;
  let older = 0;
  for (const [index, kind] of log.slice(from, until).entries()) {
    const offset = from + index;
    const last = repeated.at(-1);
    if (kind === 'older') older++;
    else if (typeof kind !== 'number') others++;
    else if (kind > highest) highest = kind;
    else if (last && last.offset + last.count === offset) repeated.splice(-1, 1, { ...last, count: last.count + 1 });
    else repeated.push({ offset, count: 1 });
  }
  return { newest: newestOf(log, from, until, above), repeated, older, others };
}

function seen({ newest, repeated, older, others }: CopyScan) {
  return { newest, repeated, older, others };
}

describe('R3: a copy is told by its provenance', () => {
  const matcher = new CopyMatcher(SOURCE);

  function sourceOffset(text: string): number {
    const cursor = new MessageCursor(
      Buffer.concat([
        storedRecord({ properties: Buffer.from(text) }),
        // what comes next in memory must not be taken for the rest of the value
        Buffer.from(':broker-a\u0002'),
      ]),
    );
    cursor.next();
    return matcher.sourceOffset(cursor);
  }

  test('of this queue and generation, with any offset, with or without a last 0x02', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.boolean(), (offset, endsWithSeparator) => {
        const text = `KEYS\u0001k\u0002REPL_FROM\u00011:east:orders:1:1:${offset}:broker-a`;
        expect(sourceOffset(endsWithSeparator ? `${text}\u0002` : text)).toBe(offset);
        expect(sourceOffset(`${text}\u0002TAGS\u0001t\u0002`)).toBe(offset);
      }),
    );
  });

  test('R8: one from before a change of history is told apart, one from after an unknown change ends the reading', () => {
    expect(sourceOffset('REPL_FROM\u00011:east:orders:1:0:5:broker-a\u0002')).toBe(OLDER_COPY);
    expect(() => sourceOffset('REPL_FROM\u00011:east:orders:1:2:5:broker-a\u0002')).toThrow(NewerGeneration);
  });

  test.each(OTHERS.map((from) => [from]))('and not by %j', (from) => {
    expect(sourceOffset(`REPL_FROM\u0001${from}\u0002`)).toBe(NO_COPY);
    expect(sourceOffset(`REPL_FROM\u0001${from}`)).toBe(NO_COPY);
  });

  test.each([
    'KEYS\u0001REPL_FROM\u00011:east:orders:1:1:5:broker-a\u0002',
    'XREPL_FROM\u00011:east:orders:1:1:5:broker-a\u0002',
    'REPL_FROM1:east:orders:1:1:5:broker-a\u0002',
    '',
  ])('and not by %j', (text) => {
    expect(sourceOffset(text)).toBe(NO_COPY);
  });
});
