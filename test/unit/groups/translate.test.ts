import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Translator, type GroupPosition, type Translation } from '../../../src/groups/translate.ts';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { FakeReader } from '../../support/fake-reader.ts';
import { seeded } from '../../support/messages.ts';
import { storedRecord, wireProperties } from '../../support/records.ts';

const QUEUE = { topic: 'orders', broker: 'west', id: 3 };
const LONGEST_BATCH = 4096;

/** A copy as the destination holds it, or another message. `late`: sent by a frozen pump behind newer copies. */
interface Entry {
  readonly queue: number;
  readonly generation: number;
  readonly sourceOffset: number;
  readonly late?: boolean;
}
type Log = ('other' | Entry)[];

interface Recipe {
  readonly seed: number;
  /** Rounds of copying; a round copies so many messages of one source queue at most. */
  readonly rounds: number;
  readonly round: number;
  /** Source queues that share the destination queue. */
  readonly queues: number;
  /** How likely a message is filtered, loop-skipped or skipped; how many others stand between rounds at most. */
  readonly passedOver: number;
  readonly others: number;
  /** How likely a round begins with a changed history. */
  readonly changes: number;
  /** In one round a frozen pump sends late what was copied before. */
  readonly late: boolean;
}

interface History {
  readonly generation: number;
  readonly start: number;
}

/** What pumps do to a destination queue, one round at a time. */
class Model {
  readonly log: Log = [];
  readonly reader: FakeReader;
  /** Next source offset to be copied. */
  readonly next: number[];
  readonly histories: History[];
  min = 0;
  readonly #recipe: Recipe;
  readonly #random: () => number;
  readonly #lateAfter: number;

  constructor(recipe: Recipe, isPartial = false) {
    this.#recipe = recipe;
    this.#random = seeded(recipe.seed);
    this.reader = new FakeReader(isPartial ? { random: seeded(recipe.seed + 1) } : {});
    this.next = Array.from({ length: recipe.queues }, () => this.random(50));
    this.histories = this.next.map((start) => ({ generation: 0, start }));
    this.#lateAfter = recipe.late ? this.random(recipe.rounds) : -1;
  }

  /** A whole number below `bound`. */
  random(bound: number): number {
    return Math.floor(bound * this.#random());
  }

  copy(round: number): void {
    const { changes, passedOver, others } = this.#recipe;
    const queue = this.random(this.next.length);
    if (this.#random() < changes) this.#changeHistory(queue);
    const before = this.log.length;
    for (let i = this.random(this.#recipe.round); i >= 0; i--) {
      const sourceOffset = this.next[queue]!++;
      const { generation } = this.histories[queue]!;
      if (this.#random() >= passedOver) this.log.push({ queue, generation, sourceOffset });
      if (others > 0 && this.#random() < 0.1) this.log.push('other');
    }
    if (round === this.#lateAfter) this.#sendLate(queue);
    for (let i = this.random(others + 1); i > 0; i--) this.log.push('other');
    const added = this.log.slice(before);
    this.reader.append(...added.map((entry, i) => record(entry, before + i, this.random(3))));
  }

  addOthers(count: number): void {
    const before = this.log.length;
    this.log.push(...Array.from({ length: count }, () => 'other' as const));
    this.reader.append(...this.log.slice(before).map((entry, i) => record(entry, before + i, 0)));
  }

  /** Goes on somewhere at or below where copying stood: recreated, or cut off and filled again. */
  #changeHistory(queue: number): void {
    const start = this.#random() < 0.3 ? 0 : this.random(this.next[queue]! + 1);
    this.histories[queue] = { generation: this.histories[queue]!.generation + 1, start };
    this.next[queue] = start;
  }

  #sendLate(queue: number): void {
    const { generation } = this.histories[queue]!;
    const copies = this.log.filter(
      (entry) => entry !== 'other' && entry.queue === queue && entry.generation === generation,
    ) as Entry[];
    const from = this.random(copies.length);
    const batch = copies.slice(from, from + 1 + this.random(Math.min(LONGEST_BATCH, copies.length - from)));
    this.log.push(...batch.map((entry) => ({ ...entry, late: true })));
  }

  position(queue: number, offset: number | undefined, told: boolean): GroupPosition {
    const { generation, start } = this.histories[queue]!;
    return { source: source(queue, generation), offset, copiedTo: this.next[queue]!, ...(told && { start }) };
  }

  /** Where the copies stand that the group of this position has consumed, and those that it has not. */
  split({ source: { queue, generation }, offset = -1, start }: GroupPosition) {
    const copies = this.log
      .map((entry, at) => ({ entry, at }))
      .filter((copy): copy is { entry: Entry; at: number } => copy.entry !== 'other')
      .filter(({ entry, at }) => entry.queue === queue && at >= this.min);
    const lower = (below: number) =>
      copies.some(({ entry }) => entry.generation === below && entry.sourceOffset < offset);
    let counted = generation;
    if (start === undefined || offset < start) while (counted > 0 && !lower(counted)) counted--;
    const isConsumed = ({ entry }: { entry: Entry }) =>
      entry.generation < counted || (entry.generation === counted && entry.sourceOffset < offset);
    return {
      counted,
      consumed: copies.filter(isConsumed),
      waiting: copies.filter((copy) => !isConsumed(copy)),
    };
  }

  /** By looking at every message. */
  expected(positions: readonly GroupPosition[]): Pick<Translation, 'offset' | 'repeated'> {
    const splits = positions.map((position) => this.split(position));
    const waiting = Math.min(...splits.map((split) => split.waiting[0]?.at ?? Infinity));
    // What stands behind the first copy that waits, though it is consumed, was sent late, or belongs to another source queue.
    const consumed = splits.map(
      (split) => split.consumed.filter(({ at }) => at < (split.waiting[0]?.at ?? Infinity)).at(-1)?.at ?? -1,
    );
    const behind = Math.max(...consumed) + 1;
    const offset = Math.min(behind > 0 ? behind : this.log.length, waiting);
    const repeated = splits.map(
      (split, index) => split.consumed.filter(({ at }) => at >= offset && at <= consumed[index]!).length,
    );
    return { offset, repeated: repeated.reduce((a, b) => a + b, 0) };
  }

  cut(): void {
    this.min = this.reader.min = this.random(this.log.length + 1);
  }
}

function source(queue: number, generation: number) {
  return { cluster: 'east', topic: 'orders', broker: 'broker-a', queue, generation };
}

function record(entry: 'other' | Entry, queueOffset: number, kind: number): Buffer {
  const properties: Record<string, string> =
    entry === 'other'
      ? kind === 0
        ? {}
        : kind === 1
          ? { REPL_FROM: `1:east:orders:7:0:${queueOffset}:broker-a` }
          : { REPL_REDRIVEN: `1:east:orders:0:0:${queueOffset}:broker-a` }
      : { KEYS: 'k', REPL_FROM: `1:east:orders:${entry.queue}:${entry.generation}:${entry.sourceOffset}:broker-a` };
  return storedRecord({ queueOffset, properties: wireProperties(properties) });
}

function translator({ reader }: Model): Translator {
  return new Translator({ reader, budget: new ByteBudget(1e9) });
}

const recipe: fc.Arbitrary<Recipe> = fc.record({
  seed: fc.integer(),
  rounds: fc.integer({ min: 1, max: 12 }),
  round: fc.constantFrom(3, 40, 400),
  queues: fc.constant(1),
  passedOver: fc.constantFrom(0, 0, 0.1, 0.9),
  others: fc.constantFrom(0, 0, 3, 300),
  changes: fc.constantFrom(0, 0, 0.2),
  late: fc.constant(false),
});

async function checkAll(model: Model, queues: number): Promise<void> {
  let translating = translator(model);
  for (let i = 0; i < 12; i++) {
    if (model.random(4) === 0) translating = translator(model);
    const told = model.random(2) === 0;
    const positions = Array.from({ length: queues }, (_, queue) =>
      model.position(queue, model.random(20) === 0 ? undefined : model.random(model.next[queue]! + 10), told),
    );
    const found = await translating.translate(QUEUE, positions);
    expect(found).toMatchObject(model.expected(positions));
    for (const position of positions) {
      const { consumed, waiting } = model.split(position);
      // never skips
      expect(waiting.every(({ at }) => at >= found.offset)).toBe(true);
      // never repeats
      if (queues === 1)
        expect(consumed.filter(({ entry, at }) => entry.late !== true && at >= found.offset)).toEqual([]);
    }
  }
}

describe('R10: a position is translated as by looking at every message', () => {
  test('among other messages, skips, and changed histories, while copying goes on', async () => {
    await fc.assert(
      fc.asyncProperty(recipe, fc.boolean(), async (given, isPartial) => {
        const model = new Model(given, isPartial);
        for (let round = 0; round < given.rounds; round++) {
          model.copy(round);
          if (round % 4 === 3) await checkAll(model, 1);
        }
        await checkAll(model, 1);
        model.cut();
        await checkAll(model, 1);
      }),
      { numRuns: 60 },
    );
  });

  test('where source queues share the destination queue', async () => {
    const shared = recipe.map((given) => ({ ...given, queues: 3 }));
    await fc.assert(
      fc.asyncProperty(shared, async (given) => {
        const model = new Model(given);
        for (let round = 0; round < given.rounds; round++) model.copy(round);
        await checkAll(model, 3);
        model.cut();
        await checkAll(model, 3);
      }),
      { numRuns: 40 },
    );
  });

  test('behind and before what a frozen pump sent late', async () => {
    const late = recipe.map((given) => ({ ...given, late: true, changes: 0, others: Math.min(given.others, 3) }));
    await fc.assert(
      fc.asyncProperty(late, async (given) => {
        const model = new Model(given);
        for (let round = 0; round < given.rounds; round++) model.copy(round);
        await checkAll(model, 1);
      }),
      { numRuns: 100 },
    );
  });
});

describe('R10: a translation costs', () => {
  const dense = { seed: 1, round: 1, queues: 1, passedOver: 0, others: 0, changes: 0, late: false };
  const at = (offset: number) => [{ source: source(0, 0), offset }];

  test.each([
    ['copies alone', dense, 3],
    ['a third of them', { ...dense, passedOver: 0.7 }, 20],
    ['others among them', { ...dense, others: 3 }, 20],
  ])('requests by the logarithm of the queue: %s', async (_, given, most) => {
    const model = new Model({ ...given, rounds: 0 });
    for (let round = 0; model.log.length < 16_000; round++) model.copy(round);
    for (let i = 0; i < 50; i++) {
      const offset = model.random(model.next[0]!);
      const { requests } = await translator(model).translate(QUEUE, at(offset));
      // the range, a search, and a look at doubling distances before what it found
      expect(requests).toBeLessThanOrEqual(2 + most + 8);
    }
  });

  test('no more where a long row of others stands among them', async () => {
    const model = new Model({ ...dense, rounds: 0 });
    for (let round = 0; model.log.length < 7000; round++) model.copy(round);
    model.addOthers(3000);
    for (let round = 0; model.log.length < 16_000; round++) model.copy(round);
    for (let i = 0; i < 50; i++) {
      const offset = i < 3 ? model.next[0]! - 6001 + i : model.random(model.next[0]!);
      const { requests } = await translator(model).translate(QUEUE, at(offset));
      expect(requests).toBeLessThanOrEqual(60);
    }
  });

  test('one request for a group that stands still or goes on a little', async () => {
    const model = new Model({ ...dense, rounds: 0 });
    for (let round = 0; model.log.length < 5000; round++) model.copy(round);
    const translating = translator(model);
    const begin = model.next[0]! - 1000;
    await translating.translate(QUEUE, at(begin));
    for (let offset = begin; offset < begin + 1000; offset += 20) {
      expect((await translating.translate(QUEUE, at(offset))).requests).toBe(1);
      expect((await translating.translate(QUEUE, at(offset))).requests).toBe(1);
    }
  });

  test('what is remembered of a queue that was cut off and filled again does not count', async () => {
    const [before, after] = [new Model({ ...dense, rounds: 0 }), new Model({ ...dense, seed: 2, rounds: 0 })];
    for (const model of [before, after]) while (model.log.length < 500) model.copy(0);
    let { reader } = before;
    const changing = { pull: reader.pull.bind(reader), range: reader.range.bind(reader), close: () => undefined };
    const translating = new Translator({ reader: changing, budget: new ByteBudget(1e9) });
    await translating.translate(QUEUE, at(300));
    reader = after.reader;
    changing.pull = reader.pull.bind(reader);
    changing.range = reader.range.bind(reader);
    expect(await translating.translate(QUEUE, at(300))).toMatchObject(after.expected([after.position(0, 300, false)]));
  });
});

describe('R10: the kind of a translation', () => {
  const recipe = { seed: 1, rounds: 0, round: 1, queues: 1, passedOver: 0, others: 0, changes: 0, late: false };
  const copied = new Model(recipe);
  for (let i = 0; i < 100; i++) copied.copy(0);
  const first = copied.next[0]! - 100;
  const kind = async (model: Model, offset: number | undefined, copiedTo?: number) =>
    (await translator(model).translate(QUEUE, [{ source: source(0, 0), offset, copiedTo }])).kind;

  test('is exact, the end, ahead of copying, or the earliest there is', async () => {
    expect(await kind(copied, first)).toBe('exact');
    expect(await kind(copied, first + 50)).toBe('exact');
    expect(await kind(copied, first + 100)).toBe('end');
    expect(await kind(copied, first + 101)).toBe('ahead');
    expect(await kind(copied, first + 101, first + 101)).toBe('end');
    expect(await kind(copied, first - 1)).toBe('earliest');
    expect(await kind(copied, undefined)).toBe('earliest');
    const empty = new Model(recipe);
    expect(await kind(empty, 5)).toBe('ahead');
    expect(await kind(empty, 5, 5)).toBe('end');
    expect(await kind(empty, undefined)).toBe('earliest');
  });

  test('is final only where copies show it: the newest ones may be stored, but not readable yet', async () => {
    const isFinal = async (offset: number, copiedTo: number) =>
      (await translator(copied).translate(QUEUE, [{ source: source(0, 0), offset, copiedTo }])).isFinal;
    expect(await isFinal(first + 50, first + 100)).toBe(true);
    expect(await isFinal(first + 100, first + 100)).toBe(true);
    expect(await isFinal(first + 110, first + 120)).toBe(false);
  });
});
