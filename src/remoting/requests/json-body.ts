import type { Command } from '../protocol/command.ts';
import { parseLooseJson } from '../protocol/loose-json.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The answer's body as a JSON object. @throws ProtocolError */
export function jsonBody(answer: Command): JsonObject {
  return asObject(parseLooseJson(answer.body.toString()), 'the body');
}

export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ProtocolError(`${what} is ${shown(value)}; expected an object`);
  return value as JsonObject;
}

export function objectAt(parent: JsonObject, name: string): JsonObject {
  return asObject(parent[name] ?? {}, name);
}

export function objectsAt(parent: JsonObject, name: string): JsonObject[] {
  const value = parent[name] ?? [];
  if (!Array.isArray(value)) throw new ProtocolError(`${name} is ${shown(value)}; expected a list`);
  return value.map((item) => asObject(item, `an item of ${name}`));
}

export function asStrings(value: unknown, what: string): string[] {
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string'))
    throw new ProtocolError(`${what} is ${shown(value)}; expected a list of texts`);
  return value as string[];
}

export function stringAt(parent: JsonObject, name: string): string {
  const value = parent[name];
  if (typeof value !== 'string') throw new ProtocolError(`${name} is ${shown(value)}; expected a string`);
  return value;
}

export function integerAt(parent: JsonObject, name: string): number {
  const value = parent[name];
  if (!Number.isSafeInteger(value)) throw new ProtocolError(`${name} is ${shown(value)}; expected a whole number`);
  return value as number;
}

/** Those entries of an object whose values are strings. */
export function stringsAt(parent: JsonObject, name: string): Record<string, string> {
  const strings = Object.create(null) as Record<string, string>;
  for (const [key, value] of Object.entries(objectAt(parent, name)))
    if (typeof value === 'string') strings[key] = value;
  return strings;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) as string | undefined)?.slice(0, 60) ?? 'missing';
}
