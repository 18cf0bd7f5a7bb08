import { expect, test } from 'vitest';
import { FirstAlone } from '../../../../src/transport/remoting/first-alone.ts';
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

  kept(table: string): number {
    return this.tables.get(table)?.length ?? 0;
  }
}

test('R5: no offset is lost where a broker has none of the group yet, or none any more', async () => {
  const broker = new OffsetTables();
  const commits = new FirstAlone();
  const commitAll = async () => {
    const offsets = Array.from({ length: 60 }, (_, i) => ({ table: ['a', 'b', 'c'][i % 3]!, offset: i }));
    await Promise.all(offsets.map(({ table, offset }) => commits.run(table, () => broker.commit(table, offset))));
  };
  await commitAll();
  expect(['a', 'b', 'c'].map((table) => broker.kept(table))).toEqual([20, 20, 20]);
  broker.tables.delete('b');
  await commitAll();
  expect(['a', 'b', 'c'].map((table) => broker.kept(table))).toEqual([40, 20, 40]);
});

test('one that fails is told, and holds up nobody', async () => {
  const commits = new FirstAlone();
  const first = commits.run('table', () => Promise.reject(new Error('the queue is gone')));
  const second = commits.run('table', () => Promise.resolve('stored'));
  await expect(first).rejects.toThrow('the queue is gone');
  expect(await second).toBe('stored');
});
