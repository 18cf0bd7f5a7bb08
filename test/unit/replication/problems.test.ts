import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replicationInput, type ReplicationConfig } from '../../../src/replication/input.ts';
import { pathText, problemsOf } from '../../../src/replication/problems.ts';

const GOOD: Required<Omit<ReplicationConfig, 'filter'>> & Pick<ReplicationConfig, 'filter'> = {
  source: 'east',
  destination: 'west',
  mode: 'one-way',
  topics: ['orders', 'payments-*'],
  exclude: ['payments-test'],
  groups: ['billing'],
  resetOnline: ['billing'],
  start: { group: 'billing' },
  tags: [{ key: 'region', value: 'east' }],
  filter: { sql: 'amount > 100' },
  onGap: 'block',
  onPoison: 'block',
  rateLimit: { bytesPerSecond: '50MiB', messagesPerSecond: 10 },
  parallelism: 2,
};

type Path = (string | number)[];

/** Every place of the value, inner ones first. */
function pathsOf(value: unknown, above: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [above];
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [...entries.flatMap(([key, inner]) => pathsOf(inner, [...above, key])), above];
}

function replaced(value: unknown, [key, ...rest]: Path, wrong: unknown): unknown {
  if (key === undefined) return wrong;
  if (Array.isArray(value)) return value.with(Number(key), replaced(value[Number(key)], rest, wrong));
  const map = value as Record<string, unknown>;
  return { ...map, [key]: replaced(map[key], rest, wrong) };
}

const PATHS = pathsOf(GOOD);
/** Wrong everywhere: no field takes it. */
const wrong = fc.constantFrom<unknown>(null, -1, 1.5, '', '\u0001', true, [], [[]], { no: 'such' });

function problems(value: unknown) {
  const read = replicationInput.safeParse(value);
  return read.success ? [] : problemsOf(read.error, value);
}

describe('wrong input', () => {
  test('a good one has no problems', () => {
    expect(problems(GOOD)).toEqual([]);
  });

  test('generated from the schema: each problem names the path, or one right above or below, what was expected and what was found', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PATHS), wrong, (path, value) => {
        const found = problems(replaced(GOOD, path, value));
        fc.pre(found.length > 0);
        for (const problem of found) {
          expect(problem.expected).toMatch(/^(expected|topics of|names that) /);
          expect(problem.found).not.toBe('');
        }
        const named = pathText(path);
        const above = pathText(path.slice(0, -1));
        expect(found.map((problem) => pathText(problem.path))).toSatisfy((paths: string[]) =>
          paths.some((text) => text.startsWith(named) || text === above),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('hardly a wrong value passes anywhere', () => {
    // filter and group patterns take nearly any text, limits take 1 and more, lists may be empty
    for (const path of PATHS.filter((path) => path.length > 0))
      expect(problems(replaced(GOOD, path, { no: 'such' })), pathText(path)).not.toEqual([]);
  });

  test('an unknown field is named at every depth', () => {
    for (const path of PATHS) {
      const place = path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], GOOD);
      if (typeof place !== 'object' || place === null || Array.isArray(place)) continue;
      const paths = problems(replaced(GOOD, path, { ...place, extra: 1 })).map((problem) => pathText(problem.path));
      expect(paths.join(' '), pathText(path)).toMatch(/extra|start|filter/);
    }
  });

  test('a missing field is named', () => {
    for (const field of ['source', 'destination', 'topics'])
      expect(problems({ ...GOOD, [field]: undefined })).toEqual([
        { path: [field], found: 'nothing', expected: expect.stringMatching(/^expected /) as string },
      ]);
  });

  test('long values are cut', () => {
    const [problem] = problems({ ...GOOD, source: 'x'.repeat(500) });
    expect(problem!.found.length).toBeLessThan(100);
  });
});
