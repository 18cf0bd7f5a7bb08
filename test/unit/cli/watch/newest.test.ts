import { expect, it } from 'vitest';
import { Newest } from '../../../../src/cli/watch/newest.ts';

it('waits for the first answer; while a later one is late, it is not asked again and gives what it has', async () => {
  const answers: ((value: number) => void)[] = [];
  const newest = new Newest(() => new Promise<number>((resolve) => answers.push(resolve)));
  const first = newest.get();
  answers[0]!(1);
  expect(await first).toBe(1);

  expect(await newest.get()).toBe(1);
  expect(await newest.get()).toBe(1);
  expect(answers).toHaveLength(2);

  const late = newest.get();
  answers[1]!(2);
  expect(await late).toBe(2);
});
