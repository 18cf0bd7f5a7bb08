import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configJsonSchema, schemaFile, type JsonSchema } from '../../../src/config/json-schema.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { EVERY_KEY } from './samples.ts';

const text = read('docs/configuration.md');
/** By key, as the tables have them. */
const rows = new Map(
  [...text.matchAll(/^\| `.*$/gm)].map(([row]) => {
    const [, key, , defaultValue, meaning] = row.split('|').map((cell) => cell.trim());
    return [key!.slice(1, -1), { defaultValue, meaning }];
  }),
);

describe('docs/configuration.md', () => {
  const keys = documentedKeys(configJsonSchema());

  it('names every key of the schema, and no other', () => {
    expect([...rows.keys()].sort()).toEqual([...keys.keys()].sort());
  });

  it.each([...keys].filter(([, schema]) => schema.default !== undefined && !isMap(schema.default)))(
    'has the default of %s',
    (key, schema) => {
      const written = typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default);
      expect(rows.get(key)?.defaultValue).toBe(`\`${written}\``);
    },
  );

  it.each([...keys])('says of %s what editors show', (key, { description }) => {
    expect(rows.get(key)?.meaning).toBe(description);
  });
});

it('docs/replicator.schema.json is what `npm run schema` writes', () => {
  expect(read('docs/replicator.schema.json')).toBe(schemaFile());
});

it('the JSON Schema takes a file with every key, and no unknown one', () => {
  const schema = z.fromJSONSchema(JSON.parse(schemaFile()) as Parameters<typeof z.fromJSONSchema>[0]);
  expect(schema.safeParse(EVERY_KEY).success).toBe(true);
  expect(schema.safeParse({ ...EVERY_KEY, zz: 1 }).success).toBe(false);
  expect(schema.safeParse({ ...EVERY_KEY, worker: { pumpSlots: 0 } }).success).toBe(false);
});

it.each(['docs/configuration.md', 'README.md'])('%s shows a file that works', (file) => {
  const [, example] = /```yaml\n([^]*?)```/.exec(read(file))!;
  const environment = { EAST_ACCESS_KEY: 'a', EAST_SECRET_KEY: 's', EAST_AK: 'a', EAST_SK: 's' };
  const config = parseConfig(
    example!.replace(/^ {3}/gm, (indent) => (file === 'README.md' ? '' : indent)),
    'x',
    environment,
  );
  expect([...config.replications.keys()]).toEqual(['orders']);
});

function read(file: string): string {
  return readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value);
}

/** `clusters.NAME.kind` and so on, each with its schema. */
function documentedKeys(schema: JsonSchema, path = ''): Map<string, JsonSchema> {
  const keys = new Map<string, JsonSchema>();
  const add = (child: JsonSchema, childPath: string, named: boolean) => {
    if (named) keys.set(childPath, child);
    for (const [key, value] of documentedKeys(child, childPath)) keys.set(key, value);
  };
  for (const branch of schema.anyOf ?? []) add(branch, path, false);
  for (const [key, child] of Object.entries(schema.properties ?? {}))
    add(child, path === '' ? key : `${path}.${key}`, true);
  if (typeof schema.additionalProperties === 'object') add(schema.additionalProperties, `${path}.NAME`, false);
  if (schema.items) add(schema.items, `${path}[]`, false);
  return keys;
}
