import { expect, test } from 'vitest';
import { commitOffsets } from '../../../../src/pump/prepare/commit-offsets.ts';
import { nextTurn } from '../../../support/fake-reader.ts';

/** Tables of offsets as a broker keeps them: two that come at once to a table that is not there yet each put a new one. */
class OffsetTables {
  readonly tables = new Map<string, number[]>();

  async commit(table: string, offset: number): Promise<void> {
    const found = this.tables.get(table);
    await nextTurn();
    if (found) found.push(offset);
    else this.tables.set(table, [offset]);
  }
}

test('R5: no offset is lost where a broker has none of the group yet', async () => {
  const broker = new OffsetTables();
  broker.tables.set('old', [0]);
  const offsets = Array.from({ length: 60 }, (_, i) => ({ table: ['new', 'newer', 'old'][i % 3]!, offset: i + 1 }));
  await commitOffsets(
    offsets,
    ({ table }) => (table === 'old' ? undefined : table),
    ({ table, offset }) => broker.commit(table, offset),
  );
  const kept = [...broker.tables.values()].flat().sort((a, b) => a - b);
  expect(kept).toEqual(Array.from({ length: 61 }, (_, i) => i));
});

test('one that fails is told', async () => {
  const failing = () => Promise.reject(new Error('the broker is gone'));
  await expect(commitOffsets([1], () => undefined, failing)).rejects.toThrow('the broker is gone');
});
