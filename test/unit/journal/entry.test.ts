import { expect, test } from 'vitest';
import { isNewer, readEntry, writeEntry } from '../../../src/journal/entry.ts';
import { better, saysTheSame } from '../../../src/journal/recall.ts';
import { above } from '../../../src/journal/supersede.ts';

const KNOWN = {
  replication: 'orders',
  source: 'east',
  destination: 'west',
  epoch: 2,
  revision: 7,
  map: [
    { topic: 'orders', from: { broker: 'east-a', queue: 0 }, to: { broker: 'west-a', queue: 0 }, count: 4 },
    {
      ...{ topic: 'orders', from: { broker: 'east-a', queue: 4 }, to: { broker: 'west-b', queue: 9 }, count: 1 },
      remapped: true,
    },
  ],
  histories: { 'orders/east-a/1': { generation: 1, start: 40 } },
  starts: { 'orders/east-a/2': 5 },
} as const;

test('R12: an entry is read as it was written', () => {
  expect(readEntry(writeEntry(KNOWN))).toEqual(KNOWN);
});

test('R12: an entry says where the application is served, once it was moved; one of 0.1 does not', () => {
  const moved = { ...KNOWN, primary: 'west' };
  expect(readEntry(writeEntry(moved))).toEqual(moved);
  expect(readEntry(Buffer.from(JSON.stringify({ format: 1, ...KNOWN })))).not.toHaveProperty('primary');
  expect(saysTheSame(moved, KNOWN)).toBe(false);
});

test('R12: an entry of a later release is refused, not misread', () => {
  const later = Buffer.from(JSON.stringify({ ...KNOWN, format: 2 }));
  expect(() => readEntry(later)).toThrow('it was written by another release');
});

test('R12: the higher epoch counts, then the higher revision', () => {
  expect(isNewer({ epoch: 2, revision: 0 }, { epoch: 1, revision: 9 })).toBe(true);
  expect(isNewer({ epoch: 1, revision: 9 }, { epoch: 2, revision: 0 })).toBe(false);
  expect(isNewer({ epoch: 1, revision: 2 }, { epoch: 1, revision: 1 })).toBe(true);
  expect(isNewer(KNOWN, KNOWN)).toBe(false);
});

test('what says the same is not written again', () => {
  const { 'orders/east-a/2': start } = KNOWN.starts;
  const more = { a: 1, 'orders/east-a/2': start };
  expect(
    saysTheSame({ ...KNOWN, starts: more }, { ...KNOWN, revision: 1, starts: { 'orders/east-a/2': start, a: 1 } }),
  ).toBe(true);
  expect(saysTheSame(KNOWN, { ...KNOWN, epoch: 3 })).toBe(false);
  expect(saysTheSame(KNOWN, { ...KNOWN, histories: {} })).toBe(false);
  expect(saysTheSame(KNOWN, undefined)).toBe(false);
});

test('R12: what is journaled counts where it is newer, under a new epoch; one that was withdrawn does not say where a flow begins', () => {
  const begins = { ...KNOWN, epoch: 1, revision: 0, map: [], histories: {}, starts: { 'orders/east-a/0': 70 } };
  expect(better(begins, undefined)).toBe(begins);
  expect(better(KNOWN, begins)).toBe(KNOWN);
  expect(better(begins, KNOWN)).toEqual({ ...KNOWN, epoch: 3, revision: 0 });
  const withdrawn = { ...KNOWN, map: [], starts: {} };
  expect(better(begins, withdrawn)).toEqual({ ...withdrawn, starts: begins.starts, epoch: 3, revision: 0 });
});

test('R12: an entry that is put above another one keeps the newest generation of each queue', () => {
  const entry = {
    ...KNOWN,
    epoch: 1,
    revision: 0,
    histories: { a: { generation: 2, start: 9 }, b: { generation: 1 } },
  };
  const journaled = {
    ...KNOWN,
    histories: { a: { generation: 1 }, b: { generation: 3, start: 4 }, c: { generation: 1 } },
  };
  expect(above(entry, journaled)).toEqual({
    ...entry,
    ...{ epoch: KNOWN.epoch, revision: KNOWN.revision + 1 },
    histories: { a: { generation: 2, start: 9 }, b: { generation: 3, start: 4 }, c: { generation: 1 } },
  });
});
