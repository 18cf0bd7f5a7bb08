import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { checkHistory, findDivergence } from '../../../src/pump/history-check.ts';
import type { CopyPlace, NewestCopy } from '../../../src/pump/newest-copy.ts';
import type { OffsetSource } from '../../../src/transport/types.ts';
import { FakeReader } from '../../support/fake-reader.ts';
import { seeded } from '../../support/messages.ts';
import { storedRecord } from '../../support/records.ts';

const FROM = { topic: 'orders', broker: 'broker-a', id: 1 };
const TO = { topic: 'orders', broker: 'west', id: 3 };
const SOURCE = { cluster: 'east', topic: 'orders', broker: 'broker-a', queue: 1, generation: 0 };

interface Recipe {
  readonly seed: number;
  /** Messages that the source held when they were copied. */
  readonly messages: number;
  /** How likely a message was copied, and how many local ones stand between copies at most. */
  readonly copied: number;
  readonly locals: number;
  /** First source offset that holds something else now, and how many messages the source holds now. */
  readonly differs: number;
  readonly now: number;
  readonly min: number;
  readonly keys: boolean;
}

const recipe: fc.Arbitrary<Recipe> = fc.record({
  seed: fc.integer(),
  messages: fc.integer({ min: 1, max: 400 }),
  copied: fc.constantFrom(0.3, 0.9, 1),
  locals: fc.constantFrom(0, 1, 50),
  differs: fc.nat(450),
  now: fc.nat(450),
  min: fc.nat(300),
  keys: fc.boolean(),
});

function build({ seed, messages, copied, locals, differs, now, min, keys }: Recipe) {
  const random = seeded(seed);
  const message = (history: number, offset: number) => ({
    body: Buffer.from(keys ? 'same' : `${history}-${offset}`),
    key: keys ? `UNIQ_KEY\u0001K${history}-${offset}\u0002` : '',
  });
  const source = new FakeReader();
  for (let offset = 0; offset < now; offset++) {
    const { body, key } = message(offset < differs ? 0 : 1, offset);
    source.append(storedRecord({ queueOffset: offset, body, properties: Buffer.from(key) }));
  }
  source.min = Math.min(min, now);
  const destination = new FakeReader();
  const copies: NewestCopy[] = [];
  for (let offset = 0; offset < messages; offset++) {
    for (let i = Math.floor(random() * (locals + 1)); i > 0; i--)
      destination.append(storedRecord({ queueOffset: destination.max }));
    if (offset < messages - 1 && random() >= copied) continue;
    const { body, key } = message(0, offset);
    copies.push({ sourceOffset: offset, offset: destination.max });
    const properties = Buffer.from(`${key}REPL_FROM\u00011:east:orders:1:0:${offset}:broker-a\u0002`);
    destination.append(storedRecord({ queueOffset: destination.max, body, properties }));
  }
  const place: CopyPlace = { reader: destination, queue: TO, source: SOURCE, budget: new ByteBudget(1e9) };
  return { source: source as unknown as OffsetSource, destination, place, copies, newest: copies.at(-1)! };
}

describe('R8: history that changed', () => {
  test('is found by the newest copy, unless its source message is gone', async () => {
    await fc.assert(
      fc.asyncProperty(recipe, async (given) => {
        const { source, place, newest } = build(given);
        const { sourceOffset } = newest;
        const isThere = sourceOffset < given.now && sourceOffset >= Math.min(given.min, given.now);
        const check = checkHistory(source, FROM, place, newest);
        if (isThere && sourceOffset >= given.differs)
          await expect(check).rejects.toMatchObject({ kind: 'history', at: sourceOffset + 1 });
        else await check;
      }),
    );
  });

  test('is told from the first message that differs on; where nothing was copied the earlier one counts', async () => {
    await fc.assert(
      fc.asyncProperty(recipe, async (given) => {
        const { source, place, copies, newest } = build(given);
        const min = Math.min(given.min, given.now);
        const same = copies.filter(
          ({ sourceOffset }) => sourceOffset >= min && sourceOffset < Math.min(given.now, given.differs),
        );
        expect(await findDivergence(source, FROM, place, newest)).toBe(
          same.length > 0 ? same.at(-1)!.sourceOffset + 1 : min,
        );
      }),
    );
  });
});
