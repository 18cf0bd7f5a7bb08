import { describe, expect, it } from 'vitest';
import { compareLogs, type Entry, type Log } from '../../support/oracle/compare.ts';

function log(...identities: string[]): Log {
  return new Map([
    [
      0,
      identities.map((identity, offset): Entry => ({
        offset,
        identity: identity.toLowerCase(),
        storeTimestamp: 0,
        from: undefined,
        redriven: identity === identity.toUpperCase(),
        tags: new Map(),
      })),
    ],
  ]);
}

describe('the oracle', () => {
  const source = log('a', 'b', 'c', 'd');

  it('is content with an exact copy', () => {
    expect(compareLogs(source, log('a', 'b', 'c', 'd'))).toEqual({
      source: 4,
      copied: 4,
      lost: 0,
      repeated: 0,
      outOfOrder: 0,
      changed: 0,
    });
  });

  it.each([
    ['a lost message', log('a', 'c', 'd'), { lost: 1 }],
    ['a lost tail', log('a'), { lost: 3 }],
    ['a repeated message', log('a', 'b', 'b', 'c', 'd'), { repeated: 1 }],
    ['a repeated batch', log('a', 'b', 'c', 'd', 'c', 'd'), { repeated: 2 }],
    ['swapped messages', log('a', 'c', 'b', 'd'), { outOfOrder: 1 }],
    ['a message out of the quarantine, which is late by nature', log('a', 'c', 'd', 'B'), { lost: 0, outOfOrder: 0 }],
    ['one that is repeated', log('a', 'b', 'c', 'd', 'B'), { repeated: 1 }],
    ['a changed message', log('a', 'b', 'x', 'd'), { lost: 1, changed: 1 }],
    ['a copy in another queue', new Map([[1, source.get(0)!]]), { lost: 4, changed: 4 }],
  ])('sees %s', (_, destination, expected) => {
    expect(compareLogs(source, destination)).toMatchObject(expected);
  });
});
