import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Screen } from '../../../../src/cli/watch/screen.ts';

it('clears the terminal once, then writes over what stands there and gives the cursor back', () => {
  const out = Object.assign(new PassThrough(), { rows: 24, columns: 80 });
  const screen = new Screen(out as unknown as NodeJS.WriteStream);
  expect(screen.size).toEqual({ rows: 23, columns: 79 });
  screen.show(['a', 'b']);
  expect(String(out.read())).toBe('\u001b[?25l\u001b[2J\u001b[Ha\u001b[K\nb\u001b[K\n\u001b[J');
  screen.show(['c']);
  expect(String(out.read())).toBe('\u001b[Hc\u001b[K\n\u001b[J');
  screen.end();
  expect(String(out.read())).toBe('\u001b[?25h');
});
