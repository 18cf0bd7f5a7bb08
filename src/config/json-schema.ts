import { z } from 'zod';
import { configFile } from './schema.ts';

/** The part of JSON Schema that our file schema turns into. */
export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
}

/** The file's schema as operators write it. Draft 7 is what editors know. */
export function configJsonSchema(): JsonSchema {
  return z.toJSONSchema(configFile, { io: 'input', target: 'draft-7' }) as JsonSchema;
}

/** `docs/replicator.schema.json`, for editors. */
export function schemaFile(): string {
  const about = { title: 'replicator.yaml', description: 'Configuration of rocketmq-global-replicator' };
  return `${JSON.stringify({ ...about, ...configJsonSchema() }, null, 2)}\n`;
}

/** The keys that the schema knows at a path of the file, sorted; empty where it is not an object with fixed keys. */
export function knownKeys(path: readonly PropertyKey[]): string[] {
  let schemas: JsonSchema[] = [configJsonSchema()];
  for (const segment of path) schemas = schemas.flatMap(alternatives).flatMap((schema) => child(schema, segment));
  return [...new Set(schemas.flatMap(alternatives).flatMap(({ properties = {} }) => Object.keys(properties)))].sort();
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  return schema.anyOf?.flatMap(alternatives) ?? [schema];
}

function child(schema: JsonSchema, segment: PropertyKey): JsonSchema[] {
  if (typeof segment === 'number') return schema.items ? [schema.items] : [];
  const { properties = {}, additionalProperties } = schema;
  const known = properties[String(segment)];
  if (known) return [known];
  return typeof additionalProperties === 'object' ? [additionalProperties] : [];
}
