import { inParallel } from './in-parallel.ts';

/**
 * Sets offsets of one group, a few at once; `tableOf` names their topic and broker, and is `undefined` where the broker has an offset of the group there.
 * A broker may forget one of the first two offsets of a group and topic that come at once (ConsumerOffsetManager.commitOffset puts a
 * new table for either), so the first one of each goes alone.
 */
export async function commitOffsets<T>(
  offsets: readonly T[],
  tableOf: (offset: T) => string | undefined,
  commit: (offset: T) => Promise<void>,
): Promise<void> {
  const firsts = new Map<string, T>();
  const others: T[] = [];
  for (const offset of offsets) {
    const table = tableOf(offset);
    if (table === undefined || firsts.has(table)) others.push(offset);
    else firsts.set(table, offset);
  }
  await inParallel([...firsts.values()], commit);
  await inParallel(others, commit);
}
