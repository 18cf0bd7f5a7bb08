import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TwoWayTranslator } from '../../../src/groups/translate-two-way.ts';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import type { QueueReader } from '../../../src/transport/types.ts';
import { FakeReader } from '../../support/fake-reader.ts';
import { seeded } from '../../support/messages.ts';
import { storedRecord, wireProperties } from '../../support/records.ts';

type Side = 'east' | 'west';

/** A message as a queue holds it. */
interface Message {
  readonly id: number;
  /** Its place on the other side, on copies. */
  readonly from?: { readonly queue: number; readonly offset: number; readonly generation: number };
  /** It came out of the quarantine. */
  readonly redriven?: boolean;
}

interface Recipe {
  readonly seed: number;
  readonly steps: number;
  /** How many messages a step produces or copies at most. */
  readonly step: number;
  /** How much more often east produces. */
  readonly eastern: number;
  /** How likely a message is filtered on its way. */
  readonly passedOver: number;
  /** How likely one that was filtered was set aside, and is redriven later. */
  readonly redriven: number;
  /** Queues of east that are all copied to west's one; that one is copied to the first of them. */
  readonly queues: number;
  /** How likely copying goes on in a new generation. */
  readonly changes: number;
}

interface Log {
  readonly side: Side;
  readonly messages: Message[];
  readonly reader: FakeReader;
  /** Offset at which copying away goes on, in this generation, which began at `start`. */
  next: number;
  generation: number;
  start: number | undefined;
}

/** Queues on two sides, each with producers, each copied to the other (R7). */
class Model {
  readonly east: readonly Log[];
  readonly west = newLog('west');
  /** West's own that are never copied. */
  readonly passedOver = new Set<number>();
  readonly #recipe: Recipe;
  readonly #random: () => number;
  readonly #translator: TwoWayTranslator;
  readonly #aside: Message[] = [];
  #produced = 0;

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
    this.#random = seeded(recipe.seed);
    this.east = Array.from({ length: recipe.queues }, () => newLog('east'));
    const active: QueueReader = {
      pull: (queue, ...rest) => this.east[queue.id]!.reader.pull(queue, ...rest),
      range: ({ id }) => this.east[id]!.reader.range(),
      close: () => undefined,
    };
    this.#translator = new TwoWayTranslator({ active, other: this.west.reader, budget: new ByteBudget(1e9) });
    this.goOn();
  }

  /** All of it on east, and copied. */
  produce(count: number): void {
    for (let id = 0; id < count; id++) append(this.east[0]!, { id });
    this.#copy(this.east[0]!, count);
  }

  goOn(): void {
    const recipe = this.#recipe;
    for (let i = 0; i < recipe.steps; i++) {
      const log = this.#random() < recipe.eastern ? this.east[this.random(recipe.queues)]! : this.west;
      const count = this.random(recipe.step) + 1;
      if (this.#random() < 0.5) for (let n = 0; n < count; n++) append(log, { id: this.#produced++ });
      else this.#copy(this.#random() < 0.5 ? this.east[this.random(recipe.queues)]! : this.west, 2 * count);
      const aside = this.#random() < recipe.redriven ? this.#aside.shift() : undefined;
      if (aside) append(this.west, aside);
    }
  }

  random(bound: number): number {
    return Math.floor(bound * this.#random());
  }

  #copy(log: Log, count: number): void {
    if (this.#random() < this.#recipe.changes) Object.assign(log, { generation: log.generation + 1, start: log.next });
    const [to, queue] = log === this.west ? [this.east[0]!, 0] : [this.west, this.east.indexOf(log)];
    for (const end = Math.min(log.next + count, log.messages.length); log.next < end;) {
      const offset = log.next++;
      const message = log.messages[offset]!;
      if (message.from !== undefined) continue;
      const copy = { id: message.id, from: { queue, offset, generation: log.generation } };
      if (this.#random() >= this.#recipe.passedOver) append(to, copy);
      else if (to === this.west) this.#aside.push({ ...copy, redriven: true });
      else this.passedOver.add(message.id);
    }
  }

  async translate(offsets: readonly number[], other: number | undefined, hasBack = true) {
    const positions = this.east.map(({ generation, next, start }, queue) => ({
      ...{ source: { ...SOURCE, queue, generation }, offset: offsets[queue]!, copiedTo: next },
      start,
    }));
    const queue = { topic: 'orders', broker: 'east', id: 0 };
    const source = { cluster: 'west', topic: 'orders', broker: 'west', queue: 0, generation: this.west.generation };
    const back = hasBack ? { queue, source, offset: offsets[0] } : undefined;
    return await this.#translator.translate({ topic: 'orders', broker: 'west', id: 0 }, { positions, back, other });
  }

  /** By looking at every message. */
  expected(offsets: readonly number[], other: number, hasBack = true) {
    const newest = this.east[0]!.messages.slice(0, offsets[0]).findLast(({ from }) => from !== undefined)?.from;
    // what an older generation says of the other side does not count
    const local = hasBack && newest?.generation === this.west.generation ? newest.offset + 1 : 0;
    const isConsumedCopy = ({ from }: Message) => from !== undefined && from.offset < offsets[from.queue]!;
    const isConsumed = this.west.messages.map((message, at) => {
      if (message.from && !message.redriven) return at < other || isConsumedCopy(message);
      return at < other || (at < local && (!message.redriven || isConsumedCopy(message)));
    });
    const first = this.west.messages.findIndex((message, at) => !isConsumed[at] && !isConsumedCopy(message));
    const offset = first < 0 ? this.west.messages.length : first;
    return { offset, repeated: isConsumed.slice(offset).filter(Boolean).length };
  }

  /** Messages that nobody has consumed on either side, and that a group at `offset` of west would never see. */
  skipped(offsets: readonly number[], other: number, offset: number): Message[] {
    const consumed = new Set(
      this.east.flatMap(({ messages }, queue) => messages.slice(0, offsets[queue])).map(({ id }) => id),
    );
    return this.west.messages.slice(other, offset).filter(({ id }) => !consumed.has(id) && !this.passedOver.has(id));
  }
}

const SOURCE = { cluster: 'east', topic: 'orders', broker: 'east' };

function newLog(side: Side): Log {
  return { side, messages: [], reader: new FakeReader(), next: 0, generation: 0, start: undefined };
}

function append({ side, messages, reader }: Log, message: Message): void {
  const { from, redriven } = message;
  const other = side === 'east' ? 'west' : 'east';
  const place = from && `1:${other}:orders:${from.queue}:${from.generation}:${from.offset}:${other}`;
  const properties: Record<string, string> = place ? { [redriven ? 'REPL_REDRIVEN' : 'REPL_FROM']: place } : {};
  reader.append(storedRecord({ queueOffset: messages.length, properties: wireProperties(properties) }));
  messages.push(message);
}

const PLAIN: Recipe = {
  ...{ seed: 1, steps: 400, step: 60, eastern: 0.5, passedOver: 0, redriven: 0, queues: 1, changes: 0 },
};

const recipe: fc.Arbitrary<Recipe> = fc.record({
  seed: fc.integer(),
  steps: fc.integer({ min: 1, max: 40 }),
  step: fc.constantFrom(1, 5, 60),
  eastern: fc.constantFrom(0, 0.2, 0.5, 0.9, 1),
  passedOver: fc.constantFrom(0, 0, 0.2),
  redriven: fc.constantFrom(0, 0.5),
  queues: fc.constantFrom(1, 1, 2, 3),
  changes: fc.constantFrom(0, 0, 0.2),
});

describe('R10: where both sides have producers', () => {
  test('the offset is the largest before which everything is consumed, and what will be seen twice is counted', async () => {
    await fc.assert(
      fc.asyncProperty(recipe, async (given) => {
        const model = new Model(given);
        for (let i = 0; i < 8; i++) {
          const offsets = model.east.map(({ messages }) => model.random(messages.length + 1));
          const other = i % 2 === 0 ? undefined : model.random(model.west.messages.length + 1);
          const hasBack = i % 4 !== 3;
          const found = await model.translate(offsets, other, hasBack);
          expect(found).toMatchObject(model.expected(offsets, other ?? 0, hasBack));
          expect(model.skipped(offsets, other ?? 0, found.offset)).toEqual([]);
          // from anywhere up to there it is the same
          const between = Math.floor(((other ?? 0) + found.offset) / 2);
          expect(await model.translate(offsets, between, hasBack)).toMatchObject({ offset: found.offset });
          expect(found.isFinal && found.kind === 'ahead').toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('what is final stays as it is while both sides go on, and what is remembered misleads nobody', async () => {
    await fc.assert(
      fc.asyncProperty(recipe, async (given) => {
        const model = new Model({ ...given, changes: 0 });
        const offsets = model.east.map(({ messages }) => model.random(messages.length + 1));
        const other = model.random(model.west.messages.length + 1);
        const { isFinal, ...found } = await model.translate(offsets, other);
        for (let i = 0; i < 3; i++) {
          model.goOn();
          const later = await model.translate(offsets, other);
          expect(later).toMatchObject(model.expected(offsets, other));
          if (isFinal) expect(later).toMatchObject({ offset: found.offset, repeated: found.repeated });
          else expect(later.offset).toBeGreaterThanOrEqual(found.offset);
          const onward = offsets.map((offset, queue) =>
            Math.min(offset + model.random(99), model.east[queue]!.messages.length),
          );
          expect(await model.translate(onward, later.offset)).toMatchObject(model.expected(onward, later.offset));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a group that has consumed all of a side goes on at the end of the other', async () => {
    const model = new Model(PLAIN);
    const [east, west] = [model.east[0]!.messages, model.west.messages];
    const near = await model.translate([east.length], west.length - 500);
    expect(near).toMatchObject(model.expected([east.length], west.length - 500));
    expect(near.requests).toBeLessThan(100);
  });

  test('where the other side produces nothing, what the group goes on by is all that is read', async () => {
    const model = new Model({ ...PLAIN, steps: 0 });
    model.produce(10_000);
    const requests: number[] = [];
    const reads = () => model.east[0]!.reader.requests.length;
    for (const [offset, other] of [
      [5_000, undefined],
      [5_100, 5_000],
      // another group, a little behind
      [5_050, 4_000],
      [5_100, 4_500],
    ] as const) {
      const found = await model.translate([offset], other);
      expect(found).toMatchObject({ offset, repeated: 0, isFinal: true });
      requests.push(found.requests);
    }
    expect(reads()).toBe(0);
    for (const more of requests.slice(1)) expect(more).toBeLessThan(45);
    expect(requests.at(-1)).toBeLessThan(10);
  });

  test('behind a long row of copies the answer comes in parts, and skips nothing', async () => {
    const model = new Model({ ...PLAIN, steps: 0 });
    model.produce(140_000);
    const first = await model.translate([135_000], undefined);
    expect(first.isFinal).toBe(false);
    expect(first.offset).toBeLessThan(135_000);
    expect(first.repeated).toBe(135_000 - first.offset);
    expect(await model.translate([135_000], first.offset)).toMatchObject({
      offset: 135_000,
      repeated: 0,
      isFinal: true,
    });
  });
});
