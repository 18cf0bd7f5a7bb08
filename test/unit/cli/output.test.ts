import { expect, it } from 'vitest';
import { table } from '../../../src/cli/output.ts';

it('puts numbers to the right, texts to the left, and nothing behind the last column', () => {
  expect(
    table(
      ['TOPIC', 'LAG', 'NOTE'],
      [
        ['orders', 1_234_567, 'x'],
        ['p', 8, ''],
      ],
    ),
  ).toBe(['TOPIC         LAG  NOTE', 'orders  1,234,567  x', 'p               8'].join('\n'));
});

it('shows its head where there are no rows', () => {
  expect(table(['A', 'B'], [])).toBe('A  B');
});
