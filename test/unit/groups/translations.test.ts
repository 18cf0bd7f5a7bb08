import { expect, test } from 'vitest';
import type { Translation } from '../../../src/groups/translate.ts';
import { Translations, type Standing } from '../../../src/groups/translations.ts';

const QUEUE = { topic: 'orders', broker: 'west-a', id: 0 };

function at(offset: number, generation = 0): Standing {
  const source = { cluster: 'east', topic: 'orders', broker: 'east-a', queue: 0, generation };
  return { positions: [{ source, offset }] };
}

/** Answers with offsets that rise from one look-up to the next. */
function counting(isFinal: boolean) {
  let looked = 0;
  const translations = new Translations((): Promise<Translation> => {
    looked++;
    return Promise.resolve({ offset: 100 + looked, kind: 'exact', isFinal, repeated: 0, requests: 3 });
  });
  return { translations, looked: () => looked };
}

test.each([
  ['is final', true, 1],
  ['may change', false, 3],
] as const)('what %s: %s, looked up %i times in three rounds', async (_, isFinal, times) => {
  const { translations, looked } = counting(isFinal);
  for (let round = 0; round < 3; round++) {
    translations.begin();
    await Promise.all([translations.of(QUEUE, at(7)), translations.of(QUEUE, at(7))]);
  }
  expect(looked()).toBe(times);
  expect(translations.requests).toBe(3 * times);
});

test('what a round did not ask for is forgotten', async () => {
  const { translations, looked } = counting(true);
  for (const offset of [7, 8, 8, 7]) {
    translations.begin();
    await translations.of(QUEUE, at(offset));
  }
  expect(looked()).toBe(3);
});

test('R8: what was found in one generation does not count in another', async () => {
  const { translations, looked } = counting(true);
  translations.begin();
  for (const generation of [0, 1, 0]) await translations.of(QUEUE, at(7, generation));
  expect(looked()).toBe(2);
});

test('on the way back it counts where the group stands on the other side; where it is moved to is known already', async () => {
  const { translations, looked } = counting(true);
  const from = (other: number | undefined): Standing => ({ ...at(7), twoWay: { other } });
  for (const other of [undefined, 101, 101]) {
    translations.begin();
    expect(await translations.of(QUEUE, from(other))).toMatchObject({ offset: 101 });
  }
  expect(looked()).toBe(1);
  expect(await translations.of(QUEUE, from(50))).toMatchObject({ offset: 102 });
});

test('a queue is searched for one position at a time, also after one that failed', async () => {
  let atOnce = 0;
  const translations = new Translations(async (_queue, { positions: [position] }) => {
    expect(++atOnce).toBe(1);
    await Promise.resolve();
    atOnce--;
    if (position!.offset === 1) throw new Error('not now');
    return { offset: position!.offset!, kind: 'exact', isFinal: true, repeated: 0, requests: 1 };
  });
  translations.begin();
  const all = await Promise.allSettled([1, 2, 3].map((offset) => translations.of(QUEUE, at(offset))));
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  translations.begin();
  await expect(translations.of(QUEUE, at(1))).rejects.toThrow('not now');
  await expect(translations.of(QUEUE, at(2))).resolves.toMatchObject({ offset: 2 });
});
