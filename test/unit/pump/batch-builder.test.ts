import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { Annotator } from '../../../src/pump/annotate.ts';
import { BatchBuilder, TARGET_BATCH_BYTES, type BuiltBatch } from '../../../src/pump/batch-builder.ts';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { QueueBlocked } from '../../../src/pump/problems.ts';
import { PullAhead } from '../../../src/pump/pull-ahead.ts';
import type { MessageCursor } from '../../../src/transport/message.ts';
import { FakeReader, nextTurn } from '../../support/fake-reader.ts';
import { seeded } from '../../support/messages.ts';
import {
  decodeBatch,
  readProperties,
  storedRecord,
  wireProperties,
  type StoredMessage,
} from '../../support/records.ts';

const QUEUE = { topic: 't', broker: 'b', id: 0 };
const SOURCE = { cluster: 'east', topic: 't', broker: 'b', queue: 0, generation: 0 };
const LIMIT = 4 * 1024 * 1024;
const COMPRESSED = 0x1 | 0x300;
const TRANSACTION_AND_IPV6 = 8 | 0x10 | 0x20;
const INNER_BATCH = 0x40;

interface Built {
  readonly batches: readonly BuiltBatch[];
  /** What ended the building; `undefined` at the end of the queue. */
  readonly failure: unknown;
}

interface Options {
  readonly maxBytes?: number;
  readonly bytesPerMessage?: number;
  readonly budget?: ByteBudget;
  readonly maxMessages?: () => number;
  readonly from?: number;
  readonly assertUnchanged?: (read: MessageCursor | undefined) => Promise<void>;
}

function builderOf(reader: FakeReader, options: Options = {}): { builder: BatchBuilder; reading: PullAhead } {
  const { from = 0, maxBytes = LIMIT, bytesPerMessage = 0, maxMessages = () => Infinity } = options;
  const { budget = new ByteBudget(1e9), assertUnchanged = () => Promise.resolve() } = options;
  const reading = new PullAhead({ reader, queue: QUEUE, from, budget });
  const moved = (at: number) => Promise.reject(new Error(`moved at ${at}`));
  const annotator = new Annotator(SOURCE, 'west', []);
  const limits = { maxBytes, bytesPerMessage };
  const given = { reading, annotator, from, limits, maxMessages, budget, assertUnchanged, moved };
  return { builder: new BatchBuilder(given), reading };
}

/** Builds until `last` was read or something is in the way. */
async function build(reader: FakeReader, options: Options = {}, last = reader.max): Promise<Built> {
  const { builder, reading } = builderOf(reader, options);
  const batches: BuiltBatch[] = [];
  try {
    while ((batches.at(-1)?.next ?? 0) < last) batches.push(await builder.next());
    return { batches, failure: undefined };
  } catch (failure) {
    return { batches, failure };
  } finally {
    reading.close();
  }
}

function queue(messages: readonly (Partial<StoredMessage> | undefined)[], random?: () => number): FakeReader {
  const reader = new FakeReader(random ? { random } : {});
  reader.append(...messages.map((message, queueOffset) => message && storedRecord({ ...message, queueOffset })));
  return reader;
}

function copiesIn({ batch }: BuiltBatch) {
  expect(batch.parts.reduce((sum, part) => sum + part.length, 0)).toBe(batch.bytes);
  const copies = decodeBatch(Buffer.concat(batch.parts)).map(({ flag, body, properties }) => ({
    flag,
    body,
    offset: Number(new Map(readProperties(properties)).get('REPL_FROM')!.split(':')[5]),
    born: new Map(readProperties(properties)).get('REPL_BORN'),
  }));
  expect(copies).toHaveLength(batch.messages);
  return copies;
}

/** Strings are compared faster than buffers. */
const text = (body: Buffer) => body.toString('latin1');
const fromWest = wireProperties({ REPL_ORIGIN: 'west' });
const tooLong = wireProperties({ LONG: 'x'.repeat(32_740) });

const plain = fc.record({
  flag: fc.integer({ min: -5, max: 5 }),
  sysFlag: fc.constantFrom(0, 0, 0, 0, TRANSACTION_AND_IPV6, COMPRESSED, COMPRESSED | TRANSACTION_AND_IPV6, 2),
  bornTimestamp: fc.nat(2),
  size: fc.oneof(fc.nat(300), fc.nat(20_000)),
  isLoop: fc.nat(3).map((chance) => chance === 0),
});
/** What blocks a queue. */
const OBSTACLES = {
  'a gap': undefined,
  'an inner batch': { sysFlag: INNER_BATCH },
  'long properties': { properties: tooLong },
  'a large body': { body: Buffer.alloc(30_001) },
};
const obstacle = fc.constantFrom('nothing', ...(Object.keys(OBSTACLES) as (keyof typeof OBSTACLES)[]));
const MAX_BYTES = 30_000;

describe('R1, R2, R8, R9: batches', () => {
  test('hold all messages in order, each batch of one sysFlag and within the limit; what blocks comes last', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(plain, { maxLength: 120, size: 'max' }),
        obstacle,
        fc.integer(),
        fc.constantFrom(1, 3, Infinity),
        async (plainMessages, inTheWay, seed, maxMessages) => {
          const messages = plainMessages.map(({ size, isLoop, ...rest }) => ({
            ...rest,
            body: Buffer.alloc(size, size),
            properties: isLoop ? fromWest : wireProperties({ KEYS: 'k' }),
          }));
          const log = inTheWay === 'nothing' ? messages : [...messages, OBSTACLES[inTheWay], { body: Buffer.of(1) }];
          const reader = queue(log, seeded(seed));
          const { batches, failure } = await build(reader, { maxBytes: MAX_BYTES, maxMessages: () => maxMessages });

          const expected = messages.flatMap((message, offset) =>
            message.properties === fromWest ? [] : [{ offset, flag: message.flag, body: text(message.body) }],
          );
          const copies = batches.flatMap((built) => {
            const inBatch = copiesIn(built);
            for (const { offset, born } of inBatch) {
              const { sysFlag, bornTimestamp } = messages[offset]!;
              expect(built.batch.sysFlag).toBe(sysFlag & 0x703);
              expect(Number(born ?? built.batch.bornTimestamp)).toBe(bornTimestamp);
            }
            expect(built.lastOffset).toBe(inBatch.at(-1)?.offset ?? -1);
            return inBatch;
          });
          expect(copies.map(({ offset, flag, body }) => ({ offset, flag, body: text(body) }))).toEqual(expected);
          for (const { batch } of batches) {
            expect(batch.bytes).toBeLessThanOrEqual(MAX_BYTES);
            expect(batch.messages).toBeLessThanOrEqual(maxMessages);
          }
          const nexts = batches.map(({ next }) => next);
          expect(nexts).toEqual([...new Set(nexts)].toSorted((a, b) => a - b));

          if (inTheWay === 'nothing') {
            expect(failure).toBeUndefined();
            const loops = batches.reduce((sum, { loopSkipped }) => sum + loopSkipped, 0);
            expect(loops).toBe(plainMessages.filter(({ isLoop }) => isLoop).length);
            return;
          }
          expect(failure).toBeInstanceOf(QueueBlocked);
          const at = messages.length;
          if (inTheWay === 'a gap') expect(failure).toMatchObject({ kind: 'gap', at, to: at + 1 });
          else expect(failure).toMatchObject({ kind: 'poison', at });
        },
      ),
      { numRuns: 100 },
    );
  });

  test('what came before a message that cannot be copied goes out first, though both are at hand', async () => {
    const { batches, failure } = await build(queue([{}, {}, { properties: tooLong }, { body: Buffer.alloc(200_000) }]));
    expect(batches.map(({ lastOffset, next }) => [lastOffset, next])).toEqual([[1, 2]]);
    expect(failure).toMatchObject({ kind: 'poison', at: 2 });
  });

  test('of small messages hold as many as are at hand', async () => {
    const reader = queue(Array.from({ length: 1000 }, () => ({ body: Buffer.alloc(100) })));
    const { builder, reading } = builderOf(reader);
    const first = await builder.next();
    expect(first.batch.messages).toBe(32);
    await nextTurn();
    const second = await builder.next();
    expect(second.batch.messages).toBeGreaterThan(400);
    reading.close();
  });

  test('are not larger than gains anything; a larger message goes alone', async () => {
    const size = TARGET_BATCH_BYTES / 10;
    const messages = Array.from({ length: 30 }, (_, i) => ({
      body: Buffer.alloc(i === 15 ? 3 * TARGET_BATCH_BYTES : size),
    }));
    const { batches } = await build(queue(messages));
    for (const built of batches)
      if (built.batch.bytes > TARGET_BATCH_BYTES) expect(copiesIn(built).map(({ offset }) => offset)).toEqual([15]);
    expect(batches.flatMap((built) => copiesIn(built)).map(({ offset }) => offset)).toEqual(messages.map((_, i) => i));
  });

  test('grow while the batch before is being sent, and go out as soon as it was', async () => {
    const reader = queue([{}]);
    const { builder, reading } = builderOf(reader);
    expect(copiesIn(await builder.next())).toHaveLength(1);
    let sent = (): void => undefined;
    builder.sendingUntil(new Promise((resolve) => (sent = resolve)));
    let built: BuiltBatch | undefined;
    const building = builder.next().then((batch) => (built = batch));
    for (const queueOffset of [1, 2, 3]) {
      reader.append(storedRecord({ queueOffset }));
      for (let turns = 0; turns < 3; turns++) await nextTurn();
    }
    expect(built).toBeUndefined();
    sent();
    expect(copiesIn(await building).map(({ offset }) => offset)).toEqual([1, 2, 3]);
    // the poll that came to nothing serves the next batch
    reader.append(storedRecord({ queueOffset: 4 }));
    expect(copiesIn(await builder.next()).map(({ offset }) => offset)).toEqual([4]);
    reading.close();
  });

  test('go out when they are full, though the batch before is still being sent', async () => {
    const reader = queue(Array.from({ length: 30 }, () => ({ body: Buffer.alloc(TARGET_BATCH_BYTES / 10) })));
    const { builder, reading } = builderOf(reader);
    builder.sendingUntil(new Promise(() => undefined));
    expect(copiesIn(await builder.next())).toHaveLength(9);
    reading.close();
  });

  test('hold their bytes of the budget until they are released, and end where it has no more', async () => {
    const budget = new ByteBudget(600_000);
    const reader = queue(Array.from({ length: 30 }, () => ({ body: Buffer.alloc(100_000) })));
    const { builder, reading } = builderOf(reader, { budget });
    builder.sendingUntil(new Promise(() => undefined));
    const first = await builder.next();
    const second = await builder.next();
    expect(copiesIn(first).length + copiesIn(second).length).toBeLessThan(10);
    reading.close();
    expect(budget.taken).toBeGreaterThanOrEqual(first.batch.bytes + second.batch.bytes);
    first.release();
    expect(budget.taken).toBeGreaterThanOrEqual(second.batch.bytes);
    builder.close();
    expect(budget.taken).toBe(0);
  });

  test('R8: before what came long after what was read, it is asked whether that still stands; not because they grew long', async () => {
    let clock = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => clock);
    const reader = queue([{}]);
    const assertUnchanged = vi.fn(() => Promise.resolve());
    const { builder, reading } = builderOf(reader, { assertUnchanged });
    await builder.next();
    let sent = (): void => undefined;
    builder.sendingUntil(new Promise((resolve) => (sent = resolve)));
    const building = builder.next();
    for (const queueOffset of [1, 2, 3]) {
      for (let turns = 0; turns < 3; turns++) await nextTurn();
      clock += 50 * queueOffset;
      reader.append(storedRecord({ queueOffset }));
    }
    for (let turns = 0; turns < 3; turns++) await nextTurn();
    sent();
    expect(await building).toMatchObject({ batch: { messages: 3 } });
    expect(assertUnchanged).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ queueOffset: 2 }));
    reading.close();
    vi.restoreAllMocks();
  });

  test('leave room for what a broker counts beside the bytes of each message', async () => {
    const bytesPerMessage = 1000;
    const log = queue(Array.from({ length: 64 }, () => ({ body: Buffer.alloc(10) })));
    const { batches } = await build(log, { maxBytes: 10_000, bytesPerMessage });
    expect(batches.length).toBeGreaterThan(1);
    for (const { batch } of batches) expect(batch.bytes + batch.messages * bytesPerMessage).toBeLessThanOrEqual(10_000);
  });

  test('are handed out at once when no more is at hand, also where the next message is long in coming', async () => {
    const reader = queue([{ flag: 1 }, { flag: 2 }]);
    const { builder, reading } = builderOf(reader);
    expect(copiesIn(await builder.next()).map(({ flag }) => flag)).toEqual([1, 2]);
    const waiting = builder.next();
    await nextTurn();
    reader.append(storedRecord({ queueOffset: 2, flag: 3 }));
    expect(copiesIn(await waiting).map(({ flag }) => flag)).toEqual([3]);
    reading.close();
  });

  test('one message each where one is looked for that was refused, and many again behind it', async () => {
    const reader = queue(Array.from({ length: 100 }, () => ({ body: Buffer.alloc(10) })));
    let next = 0;
    const { builder, reading } = builderOf(reader, { maxMessages: () => (next < 5 ? 1 : Infinity) });
    const sizes: number[] = [];
    while (next < 100) {
      const built = await builder.next();
      ({ next } = built);
      sizes.push(built.batch.messages);
    }
    expect(sizes.slice(0, 5)).toEqual([1, 1, 1, 1, 1]);
    expect(sizes[5]).toBeGreaterThan(1);
    reading.close();
  });

  test('only messages that are passed over make an empty batch, which says how far it went', async () => {
    const { batches } = await build(queue([{ properties: fromWest }, { properties: fromWest }]));
    expect(batches).toMatchObject([{ lastOffset: -1, next: 2, loopSkipped: 2, batch: { messages: 0, bytes: 0 } }]);
  });

  test('what was passed over is told before a message that blocks', async () => {
    const { batches, failure } = await build(queue([{ properties: fromWest }, { properties: tooLong }]));
    expect(batches).toMatchObject([{ next: 1, loopSkipped: 1, batch: { messages: 0 } }]);
    expect(failure).toMatchObject({ kind: 'poison', at: 1 });
  });

  test('a message is taken up to the last byte that the destination takes', async () => {
    const overhead = (await build(queue([{}]))).batches[0]!.batch.bytes;
    const fits = await build(queue([{ body: Buffer.alloc(LIMIT - overhead) }]));
    expect(fits.batches[0]!.batch.bytes).toBe(LIMIT);
    const { failure } = await build(queue([{ body: Buffer.alloc(LIMIT - overhead + 1) }]));
    expect(failure).toMatchObject({ kind: 'poison', at: 0 });
    expect(String(failure)).toContain(`as a batch it has ${LIMIT + 1} bytes, the destination takes ${LIMIT}`);
  });

  test('a source that answers an earlier offset than was asked for blocks the queue', async () => {
    const reader = new FakeReader();
    reader.append(storedRecord({ queueOffset: 0 }), storedRecord({ queueOffset: 1 }), storedRecord({ queueOffset: 1 }));
    const { batches, failure } = await build(reader);
    expect(batches.flatMap((built) => copiesIn(built)).map(({ offset }) => offset)).toEqual([0, 1]);
    expect(failure).toMatchObject({ kind: 'history', at: 2 });
  });

  test('an offset that the source does not hold is explained once everything before it was handed out', async () => {
    const reader = queue(Array.from({ length: 1000 }, () => ({})));
    const pull = reader.pull.bind(reader);
    reader.pull = (place, request, signal) => {
      if (request.offset >= 320) reader.min = 900;
      return pull(place, request, signal);
    };
    const { batches, failure } = await build(reader);
    expect(batches.at(-1)!.next).toBe(320);
    expect(String(failure)).toContain('moved at 320');
  });
});
