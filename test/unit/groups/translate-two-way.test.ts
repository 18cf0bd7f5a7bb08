import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TwoWayTranslator } from '../../../src/groups/translate-two-way.ts';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { FakeReader } from '../../support/fake-reader.ts';
import { seeded } from '../../support/messages.ts';
import { storedRecord, wireProperties } from '../../support/records.ts';

type Side = 'east' | 'west';
const OTHER = { east: 'west', west: 'east' } as const;

/** A message as a side's queue holds it: `from` is its offset on the other side, on copies. */
interface Message {
  readonly id: number;
  readonly from?: number;
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
}

/** A queue on two sides, each with producers, each copied to the other (R7). */
class Model {
  readonly queues: Readonly<Record<Side, Message[]>> = { east: [], west: [] };
  readonly readers: Readonly<Record<Side, FakeReader>> = { east: new FakeReader(), west: new FakeReader() };
  readonly passedOver = new Set<number>();
  /** Offset at which copying away from a side goes on. */
  readonly next = { east: 0, west: 0 };
  readonly #random: () => number;
  #produced = 0;

  constructor({ seed, steps, step, eastern, passedOver }: Recipe) {
    this.#random = seeded(seed);
    for (let i = 0; i < steps; i++) {
      const side = this.#random() < eastern ? 'east' : 'west';
      const count = this.random(step) + 1;
      if (this.#random() < 0.5) for (let n = 0; n < count; n++) this.#append(side, { id: this.#produced++ });
      else this.#copy(this.#random() < 0.5 ? 'east' : 'west', 2 * count, passedOver);
    }
  }

  random(bound: number): number {
    return Math.floor(bound * this.#random());
  }

  #copy(side: Side, count: number, passedOver: number): void {
    for (const end = Math.min(this.next[side] + count, this.queues[side].length); this.next[side] < end;) {
      const from = this.next[side]++;
      const message = this.queues[side][from]!;
      if (message.from !== undefined) continue;
      if (this.#random() < passedOver) this.passedOver.add(message.id);
      else this.#append(OTHER[side], { id: message.id, from });
    }
  }

  #append(side: Side, message: Message): void {
    const queue = this.queues[side];
    const properties: Record<string, string> =
      message.from === undefined ? {} : { REPL_FROM: `1:${OTHER[side]}:orders:0:0:${message.from}:${OTHER[side]}` };
    this.readers[side].append(storedRecord({ queueOffset: queue.length, properties: wireProperties(properties) }));
    queue.push(message);
  }

  async translate(offset: number, other: number | undefined) {
    const { east: active, west } = this.readers;
    const translator = new TwoWayTranslator({ active, other: west, budget: new ByteBudget(1e9) });
    return await translator.translate(queue('west'), {
      queue: queue('east'),
      position: { source: source('east'), offset, copiedTo: this.next.east },
      back: source('west'),
      other,
    });
  }

  /** By looking at every message. */
  expected(offset: number, other: number) {
    const east = this.queues.east.slice(0, offset);
    const consumed = new Set(east.map(({ id }) => id));
    const newest = Math.max(-1, ...east.map(({ from }) => from ?? -1));
    const { west } = this.queues;
    const isConsumed = west.map(
      ({ id, from }, at) =>
        at < other || consumed.has(id) || (from === undefined && at < newest && this.passedOver.has(id)),
    );
    const first = isConsumed.indexOf(false);
    const translated = first < 0 ? west.length : first;
    return { offset: translated, repeated: isConsumed.slice(translated).filter(Boolean).length };
  }
}

function queue(side: Side) {
  return { topic: 'orders', broker: side, id: 0 };
}

function source(side: Side) {
  return { cluster: side, topic: 'orders', broker: side, queue: 0, generation: 0 };
}

const recipe: fc.Arbitrary<Recipe> = fc.record({
  seed: fc.integer(),
  steps: fc.integer({ min: 1, max: 40 }),
  step: fc.constantFrom(1, 5, 60),
  eastern: fc.constantFrom(0, 0.2, 0.5, 0.9, 1),
  passedOver: fc.constantFrom(0, 0, 0.2),
});

describe('R10: where both sides have producers', () => {
  test('the offset is the largest before which everything is consumed, and what will be seen twice is counted', async () => {
    await fc.assert(
      fc.asyncProperty(recipe, async (given) => {
        const model = new Model(given);
        for (let i = 0; i < 8; i++) {
          const offset = model.random(model.queues.east.length + 1);
          const other = i % 2 === 0 ? undefined : model.random(model.queues.west.length + 1);
          expect(await model.translate(offset, other)).toMatchObject(model.expected(offset, other ?? 0));
        }
      }),
      { numRuns: 100 },
    );
  });

  test('a group that has consumed all of a side goes on at the end of the other', async () => {
    const model = new Model({ seed: 1, steps: 400, step: 60, eastern: 0.5, passedOver: 0 });
    const { east, west } = model.queues;
    const near = await model.translate(east.length, west.length - 500);
    expect(near).toMatchObject(model.expected(east.length, west.length - 500));
    expect(near.requests).toBeLessThan(100);
  });
});
