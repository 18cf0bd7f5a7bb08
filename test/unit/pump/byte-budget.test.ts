import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { nextTurn } from '../../support/fake-reader.ts';

const never = new AbortController().signal;

/** Notes in `log` when a take succeeds or fails. */
function watch(log: string[], name: string, taking: Promise<void>): void {
  taking.then(
    () => log.push(name),
    (error: unknown) => log.push(`${name}: ${(error as Error).message}`),
  );
}

describe('a budget of bytes', () => {
  test('first come, first served: a small request does not overtake a large one', async () => {
    const budget = new ByteBudget(100);
    const log: string[] = [];
    expect(budget.tryTake(80)).toBe(true);
    watch(log, 'large', budget.take(50, never));
    watch(log, 'small', budget.take(10, never));
    expect(budget.tryTake(10)).toBe(false);
    await nextTurn();
    expect(log).toEqual([]);
    budget.release(80);
    await nextTurn();
    expect(log).toEqual(['large', 'small']);
    expect(budget.taken).toBe(60);
  });

  test('a request larger than all of it is let in when nothing else is', async () => {
    const budget = new ByteBudget(100);
    const log: string[] = [];
    expect(budget.tryTake(1)).toBe(true);
    watch(log, 'huge', budget.take(1000, never));
    await nextTurn();
    expect(log).toEqual([]);
    budget.release(1);
    await nextTurn();
    expect(log).toEqual(['huge']);
    expect(budget.taken).toBe(1000);
  });

  test('who gives up leaves the queue, and nothing is taken', async () => {
    const budget = new ByteBudget(100);
    const log: string[] = [];
    const leave = new AbortController();
    expect(budget.tryTake(90)).toBe(true);
    watch(log, 'large', budget.take(50, leave.signal));
    watch(log, 'small', budget.take(5, never));
    leave.abort(new Error('left'));
    await nextTurn();
    // what waited behind it fits, and need not wait for somebody else's release
    expect(log.toSorted()).toEqual(['large: left', 'small']);
    expect(budget.taken).toBe(95);
    await expect(budget.take(1, leave.signal)).rejects.toThrow('left');
    expect(budget.taken).toBe(95);
  });

  test('stays within its limit but for what is overdrawn or larger than all of it, and comes back to 0', async () => {
    const step = fc.record({
      kind: fc.constantFrom('take', 'try', 'overdraw', 'release', 'leave'),
      bytes: fc.integer({ min: 1, max: 150 }),
      which: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const budget = new ByteBudget(100);
        const held: number[] = [];
        const waiting: { readonly leave: AbortController; readonly over: Promise<unknown> }[] = [];
        let overdrawn = 0;
        for (const { kind, bytes, which } of steps) {
          if (kind === 'take') {
            const leave = new AbortController();
            const over = budget.take(bytes, leave.signal).then(
              () => held.push(bytes),
              () => undefined,
            );
            waiting.push({ leave, over });
          } else if (kind === 'try') {
            if (budget.tryTake(bytes)) held.push(bytes);
          } else if (kind === 'overdraw') {
            budget.overdraw(bytes);
            overdrawn += bytes;
          } else if (kind === 'leave') waiting[which % waiting.length]?.leave.abort();
          else if (held.length > 0) budget.release(held.splice(which % held.length, 1)[0]!);
          await nextTurn();
          const sum = held.reduce((total, each) => total + each, 0);
          expect(budget.taken).toBe(sum + overdrawn);
          expect(sum).toBeLessThanOrEqual(Math.max(100, ...held));
        }
        budget.release(overdrawn);
        await nextTurn();
        while (held.length > 0) {
          budget.release(held.pop()!);
          await nextTurn();
        }
        expect(budget.taken).toBe(0);
        await Promise.all(waiting.map(({ over }) => over));
      }),
    );
  });
});
