import { expect, test } from 'vitest';
import type { GroupPosition, Translation } from '../../../src/groups/translate.ts';
import { Translations } from '../../../src/groups/translations.ts';

const QUEUE = { topic: 'orders', broker: 'west-a', id: 0 };

function at(offset: number): GroupPosition[] {
  return [{ source: { cluster: 'east', topic: 'orders', broker: 'east-a', queue: 0, generation: 0 }, offset }];
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

test('a queue is searched for one position at a time, also after one that failed', async () => {
  let atOnce = 0;
  const translations = new Translations(async (_queue, [position]) => {
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
