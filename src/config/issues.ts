import type { z } from 'zod';
import { knownKeys } from './json-schema.ts';

/** Turns what zod found into sentences for the person who wrote the file. */

export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
};

/** What was expected, where the schema has no words of its own. */
export function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.length > 1 ? 'one of: ' : ''}${issue.values.join(', ')}`;
    case 'too_small':
      return `expected at least ${amount(Number(issue.minimum), issue.origin)}`;
    case 'too_big':
      return `expected at most ${amount(Number(issue.maximum), issue.origin)}`;
    case 'invalid_key':
      return issue.issues[0]?.message;
    case 'invalid_union':
      return [...new Set(issue.errors.flatMap((branch) => branch.slice(0, 1).map(({ message }) => message)))].join(
        ', or ',
      );
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return undefined;
  }
}

function amount(count: number, origin: string): string {
  if (origin === 'string') return count === 1 ? '1 character' : `${count} characters`;
  if (origin === 'array') return count === 1 ? '1 entry' : `${count} entries`;
  return String(count);
}

type Issue = z.core.$ZodIssue;

/** @param root what was validated, with references as they were written, so that no secret of the environment shows */
export function findings(issues: readonly Issue[], root: unknown): Finding[] {
  return issues.flatMap((issue) => findingsOf(issue, root));
}

function findingsOf(issue: Issue, root: unknown): Finding[] {
  const { path, code } = issue;
  if (code === 'unrecognized_keys') {
    const message = `found an unknown key; expected one of: ${knownKeys(path).join(', ')}`;
    return issue.keys.map((key) => ({ path: [...path, key], message }));
  }
  if (code === 'invalid_union') {
    const within = meant(issue.errors).map((inner) => ({ ...inner, path: [...path, ...inner.path] }));
    if (within.length > 0) return findings(within, root);
  }
  const what = code === 'invalid_key' ? JSON.stringify(path.at(-1)) : describeAt(root, path);
  return [{ path, message: `found ${what}; ${issue.message}` }];
}

/** What is wrong inside a value whose outer shape fits one alternative of a union; empty where none fits. */
function meant(alternatives: readonly (readonly Issue[])[]): readonly Issue[] {
  return alternatives.find((issues) => issues.length > 0 && issues.every(({ path }) => path.length > 0)) ?? [];
}

/** What stands at this path, in a few words. What belongs to `auth` is never shown. */
export function describeAt(root: unknown, path: readonly PropertyKey[]): string {
  const value = valueAt(root, path);
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  if (path.includes('auth')) return 'something else (not shown, it may be secret)';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[segment];
  }
  return value;
}
