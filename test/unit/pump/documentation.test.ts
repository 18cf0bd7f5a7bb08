import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { NOT_COPIED } from '../../../src/pump/properties.ts';

const root = new URL('../../../', import.meta.url);
const text = readFileSync(new URL('docs/delivery-guarantees.md', root), 'utf8');
/** By file the names of the tests that show a promise. */
const shown = [...text.matchAll(/^- `(test\/[^`]+)`: (.*)$/gm)].map(([, file, names]) => ({
  file: file!,
  names: [...names!.matchAll(/"([^"]+)"/g)].map(([, name]) => name!),
}));

describe('docs/delivery-guarantees.md', () => {
  test('names every property that is not copied, and no other', () => {
    const [section] = /^## What is not copied$[^]*?^Also/m.exec(text)!;
    const named = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
    expect(named).toEqual(NOT_COPIED);
  });

  test('has every rule', () => {
    const rules = [...text.matchAll(/^## (R\d+) /gm)].map(([, rule]) => rule);
    expect(rules).toEqual(Array.from({ length: 12 }, (_, i) => `R${i + 1}`));
    expect(shown.length).toBeGreaterThan(20);
  });

  test.each(shown)('$file holds the tests that it is said to hold', ({ file, names }) => {
    const url = new URL(file, root);
    expect(existsSync(url)).toBe(true);
    expect(names).not.toEqual([]);
    const source = readFileSync(url, 'utf8');
    for (const name of names) expect(source).toContain(`'${name}'`);
  });
});
