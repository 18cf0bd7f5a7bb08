import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { PullAhead, type PullAheadOptions } from '../../../src/pump/pull-ahead.ts';
import { MessageCursor } from '../../../src/transport/message.ts';
import type { PullAnswer } from '../../../src/transport/types.ts';
import { FakeReader, nextTurn, type FakeReaderOptions } from '../../support/fake-reader.ts';
import { seeded } from '../../support/messages.ts';
import { storedRecord } from '../../support/records.ts';

const QUEUE = { topic: 't', broker: 'b', id: 0 };
/** Pulls in flight, and one that completes a short answer, which overdraws: each may hold an answer larger than was reckoned with. */
const MOST_PULLS = 17;

/** Notes the most that was ever taken. */
class WatchedBudget extends ByteBudget {
  most = 0;

  override tryTake(bytes: number): boolean {
    const taken = super.tryTake(bytes);
    this.most = Math.max(this.most, this.taken);
    return taken;
  }

  override overdraw(bytes: number): void {
    super.overdraw(bytes);
    this.most = Math.max(this.most, this.taken);
  }
}

function readerWith(messages: number, bodyBytes: number, options: FakeReaderOptions = {}): FakeReader {
  const reader = new FakeReader(options);
  append(reader, messages, bodyBytes);
  return reader;
}

function append(reader: FakeReader, messages: number, bodyBytes: number): void {
  const body = Buffer.alloc(bodyBytes);
  const first = reader.max;
  const records = Array.from({ length: messages }, (_, i) => storedRecord({ queueOffset: first + i, body }));
  reader.append(...records);
}

function pullAhead(options: Partial<PullAheadOptions> & Pick<PullAheadOptions, 'reader'>): PullAhead {
  return new PullAhead({ queue: QUEUE, from: 0, budget: new ByteBudget(1e9), ...options });
}

function offsets({ records }: PullAnswer): number[] {
  const cursor = new MessageCursor(records);
  const found: number[] = [];
  while (cursor.next()) found.push(cursor.queueOffset);
  return found;
}

/** Takes until the end, or until so many messages are there. */
async function takeAll(reading: PullAhead, count = Infinity): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const answer = await reading.take();
    if (!answer) break;
    expect(answer.kind).toBe('messages');
    found.push(...offsets(answer));
  }
  return found;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

const setting = fc.record({
  seed: fc.integer(),
  messages: fc.nat(300),
  bodyBytes: fc.oneof(fc.nat(200), fc.integer({ min: 5000, max: 20_000 })),
  limit: fc.oneof(fc.nat(100_000), fc.nat(2_000_000)),
  most: fc.constantFrom(5, 32, 32, 1000),
  nothings: fc.constantFrom(0, 0, 0.1),
});

describe('reading ahead', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('gives each message once and in order, whatever the answers hold and whenever they come; the budget comes back', async () => {
    await fc.assert(
      fc.asyncProperty(setting, fc.nat(400), fc.nat(400), async ({ seed, messages, bodyBytes, limit, most }, a, b) => {
        const reader = readerWith(messages, bodyBytes, { random: seeded(seed), most });
        const from = Math.min(a, b, messages);
        const until = Math.min(Math.max(a, b), messages);
        const budget = new WatchedBudget(limit);
        const reading = pullAhead({ reader, from, until, budget });
        expect(await takeAll(reading)).toEqual(range(from, until));
        expect(await reading.take()).toBeUndefined();
        reading.close();
        expect(budget.taken).toBe(0);
        const largestAnswer = Math.min(most, messages) * (bodyBytes + 200);
        const estimate = 2 * Math.max(256 * 1024, largestAnswer);
        expect(budget.most).toBeLessThanOrEqual(Math.max(limit, estimate) + estimate + MOST_PULLS * largestAnswer);
      }),
      { numRuns: 100 },
    );
  });

  test('goes on with messages that come later', async () => {
    await fc.assert(
      fc.asyncProperty(
        setting,
        fc.array(fc.nat(60), { maxLength: 8 }),
        async ({ seed, messages, bodyBytes, limit, most, nothings }, later) => {
          const random = seeded(seed);
          const reader = readerWith(messages, bodyBytes, { random, most, nothings });
          const budget = new ByteBudget(limit);
          const reading = pullAhead({ reader, budget });
          const total = messages + later.reduce((sum, each) => sum + each, 0);
          const taking = takeAll(reading, total);
          for (const each of later) {
            for (let turns = Math.floor(20 * random()); turns > 0; turns--) await nextTurn();
            append(reader, each, bodyBytes);
          }
          expect(await taking).toEqual(range(0, total));
          reading.close();
          expect(budget.taken).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('closed at any time, once or twice: a take under way fails, and all of the budget is given back', async () => {
    await fc.assert(
      fc.asyncProperty(
        setting,
        fc.nat(60),
        fc.boolean(),
        fc.constantFrom(0, 0.05),
        async ({ seed, messages, bodyBytes, limit, most }, turns, twice, failures) => {
          const reader = readerWith(messages, bodyBytes, { random: seeded(seed), most, failures });
          const budget = new ByteBudget(limit);
          const reading = pullAhead({ reader, budget });
          const taking = takeAll(reading).catch((error: unknown) => (error as Error).message);
          for (let turn = 0; turn < turns; turn++) await nextTurn();
          reading.close();
          expect(budget.taken).toBe(0);
          expect(await taking).toMatch(/reading was closed|cannot be reached|aborted/);
          if (twice) reading.close();
          // answers that are still under way come in and change nothing
          for (let turn = 0; turn < 10; turn++) await nextTurn();
          expect(budget.taken).toBe(0);
          await expect(reading.take()).rejects.toThrow('reading was closed');
        },
      ),
      { numRuns: 150 },
    );
  });

  test('several that share a small budget come through, and closing all of them at once leaves nothing taken', async () => {
    await fc.assert(
      fc.asyncProperty(setting, fc.nat(80), async ({ seed, messages, bodyBytes, limit, most }, turns) => {
        const random = seeded(seed);
        const budget = new ByteBudget(limit);
        const readers = range(0, 4).map(() => readerWith(messages, bodyBytes, { random, most }));
        const finished = await Promise.all(readers.map((reader) => readAll(reader, budget, messages)));
        expect(finished).toEqual(readers.map(() => range(0, messages)));
        expect(budget.taken).toBe(0);

        const readings = readers.map((reader) => pullAhead({ reader, budget, until: messages }));
        const takings = readings.map((reading) => takeAll(reading).catch(() => undefined));
        for (let turn = 0; turn < turns; turn++) await nextTurn();
        for (const reading of readings) reading.close();
        await Promise.all(takings);
        expect(budget.taken).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test('fails when a pull fails, and has given out only what comes before it', async () => {
    await fc.assert(
      fc.asyncProperty(setting, async ({ seed, messages, bodyBytes, limit, most }) => {
        const reader = readerWith(messages, bodyBytes, { random: seeded(seed), most, failures: 0.1 });
        const budget = new ByteBudget(limit);
        const reading = pullAhead({ reader, budget, until: messages });
        const found: number[] = [];
        const failure = await (async () => {
          for (let answer = await reading.take(); answer; answer = await reading.take()) found.push(...offsets(answer));
          return undefined;
        })().catch((error: unknown) => (error as Error).message);
        expect(found).toEqual(range(0, found.length));
        if (failure === undefined) expect(found).toHaveLength(messages);
        else expect(failure).toBe('the broker cannot be reached');
        reading.close();
        expect(budget.taken).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test('says that an offset is not there any more once everything before it was given out', async () => {
    const reader = readerWith(1000, 10);
    const reading = pullAhead({ reader, until: 1000 });
    const first = await reading.take();
    expect(offsets(first!)).toEqual(range(0, 32));
    reader.min = 900;
    let answer = await reading.take();
    let next = 32;
    for (; answer?.kind === 'messages'; answer = await reading.take()) next += offsets(answer).length;
    expect(answer).toMatchObject({ kind: 'moved', nextOffset: 900 });
    expect(next).toBeLessThan(900);
    reading.close();
  });

  test('keeps many pulls in flight while there is a backlog, and one long poll at its end', async () => {
    const reader = readerWith(1000, 10);
    const reading = pullAhead({ reader });
    expect(await takeAll(reading, 1000)).toEqual(range(0, 1000));
    expect(reader.requests.slice(1).every(({ waitMs }) => waitMs === 0)).toBe(true);
    expect(reader.requests.length).toBeLessThanOrEqual(Math.ceil(1000 / 32) + 1);
    const asked = reader.requests.length;
    const waiting = reading.take();
    await nextTurn();
    expect(reader.requests.slice(asked)).toEqual([{ offset: 1000, maxMessages: 32, waitMs: 15_000 }]);
    expect(reading.ready).toBe(false);
    append(reader, 1, 10);
    expect(offsets((await waiting)!)).toEqual([1000]);
    reading.close();
  });

  test('asks for more in advance over a long way, in bytes as well, and for no more over a short one', async () => {
    let clock = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => clock);
    const most = async (roundTripMs: number, bodyBytes: number, options: Partial<PullAheadOptions> = {}) => {
      const reader = readerWith(20_000_000 / (3000 + bodyBytes), bodyBytes);
      const pull = reader.pull.bind(reader);
      let underWay = 0;
      let mostUnderWay = 0;
      reader.pull = async (queue, request, signal) => {
        mostUnderWay = Math.max(mostUnderWay, ++underWay);
        const due = clock + roundTripMs;
        await nextTurn();
        clock = Math.max(clock, due);
        underWay--;
        return await pull(queue, request, signal);
      };
      const reading = pullAhead({ reader, ...options });
      await takeAll(reading, reader.max);
      reading.close();
      return mostUnderWay;
    };
    expect(await most(1, 10)).toBe(16);
    expect(await most(100, 10, { pullsInFlight: 2 })).toBe(2);
    // 40 messages a ms in answers of 32, and 40 KiB a ms
    expect(await most(100, 10)).toBe(125);
    expect(await most(100, 4000)).toBe(32);
    expect(await most(100, 20_000)).toBe(16);
    const budget = new ByteBudget(1_000_000);
    expect(await most(100, 1000, { budget })).toBeLessThan(32);
  });

  test('asks for the rest of all short answers at once, not of one after the other', async () => {
    const reader = readerWith(512, 10);
    const pull = reader.pull.bind(reader);
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    reader.pull = async (queue, request, signal) => {
      const asked = pull(queue, { ...request, maxMessages: Math.min(8, request.maxMessages) }, signal);
      await answered;
      return await asked;
    };
    const reading = pullAhead({ reader, until: 512 });
    const first = reading.take();
    await nextTurn();
    expect(reader.requests.map(({ offset }) => offset)).toEqual(range(0, 16).map((n) => n * 32));
    answer();
    await first;
    expect(reader.requests.slice(16).map(({ offset }) => offset)).toEqual(range(0, 15).map((n) => n * 32 + 8));
    expect(await takeAll(reading)).toEqual(range(8, 512));
    reading.close();
  });

  test('has nothing at hand where the next pull has failed: what was read before it is used first', async () => {
    const reader = readerWith(100, 10);
    const pull = reader.pull.bind(reader);
    reader.pull = (queue, request, signal) =>
      request.offset === 32 ? Promise.reject(new Error('cut off')) : pull(queue, request, signal);
    const reading = pullAhead({ reader, until: 100 });
    expect(offsets((await reading.take())!)).toHaveLength(32);
    await nextTurn();
    expect(reading.ready).toBe(false);
    await expect(reading.take()).rejects.toThrow('cut off');
    reading.close();
  });

  test('knows how much it has at hand', async () => {
    const reader = readerWith(100, 10);
    const reading = pullAhead({ reader, until: 100 });
    expect(reading.ready).toBe(false);
    expect(reading.readyBytes).toBe(0);
    const first = await reading.take();
    await nextTurn();
    expect(reading.ready).toBe(true);
    expect(reading.readyBytes).toBe((first!.records.length / 32) * 68);
    reading.close();
  });
});

async function readAll(reader: FakeReader, budget: ByteBudget, until: number): Promise<number[]> {
  const reading = pullAhead({ reader, budget, until });
  try {
    return await takeAll(reading);
  } finally {
    reading.close();
  }
}
