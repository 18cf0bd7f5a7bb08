import type { z } from 'zod';

/** What zod found wrong with a value that a person wrote, in words. */

type Path = readonly PropertyKey[];

/** One thing that is wrong: where, what was found there, and what was expected (`expected a list`). */
export interface Problem {
  /** Empty for the value as a whole. */
  readonly path: Path;
  readonly found: string;
  readonly expected: string;
  /** The schema has no such field. */
  readonly isUnknown?: true;
}

/** How the person who wrote the value speaks of it. */
export interface Wording {
  readonly object: string;
  /** What stands at this path. */
  readonly found: (value: unknown, path: Path) => string;
}

const JSON_WORDING: Wording = { object: 'a JSON object', found: shown };

/** For each issue the field's path, what was found there and what was expected. */
export function problemsOf(error: z.ZodError, value: unknown, wording = JSON_WORDING): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, value, [], wording));
}

/** `topics[0]: expected a topic name, found 5` */
export function sentence({ path, found, expected }: Problem): string {
  return `${path.length === 0 ? 'input' : pathText(path)}: ${expected}, found ${found}`;
}

/** `['topics', 0]` -> `topics[0]`. */
export function pathText(path: Path): string {
  let text = '';
  for (const part of path)
    text += typeof part === 'number' ? `[${part}]` : text === '' ? String(part) : `.${String(part)}`;
  return text;
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

type Issue = z.core.$ZodIssue;

function problemsOfIssue(issue: Issue, value: unknown, above: Path, wording: Wording): Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: [...path, key],
      found: wording.found(valueAt(value, [...path, key]), [...path, key]),
      expected: 'expected no such field',
      isUnknown: true,
    }));
  if (issue.code === 'invalid_union') {
    const branch = meant(issue.errors);
    if (branch) return branch.flatMap((inner) => problemsOfIssue(inner, value, path, wording));
  }
  const found = issue.code === 'invalid_key' ? JSON.stringify(path.at(-1)) : wording.found(valueAt(value, path), path);
  return [{ path, found, expected: expectedBy(issue, wording) }];
}

/** The alternative of a union whose outer shape fits the value, so that only something within it is wrong. */
function meant(alternatives: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return alternatives.find((issues) => issues.length > 0 && issues.every(({ path }) => path.length > 0));
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
};

function expectedBy(issue: Issue, wording: Wording): string {
  // the schema's author wrote what is expected
  if (issue.message.startsWith('expected ')) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? (/^(object|record)$/.test(issue.expected) ? wording.object : issue.expected)}`;
    case 'invalid_value':
      return `expected ${issue.values.length > 1 ? 'one of: ' : ''}${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `expected at least ${amount(Number(issue.minimum), issue.origin)}`;
    case 'too_big':
      return `expected at most ${amount(Number(issue.maximum), issue.origin)}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
    case 'invalid_union':
      return [
        ...new Set(issue.errors.flatMap((branch) => branch.slice(0, 1).map((inner) => expectedBy(inner, wording)))),
      ].join(', or ');
    case 'invalid_format':
      return `expected another format (${issue.message})`;
    case 'custom':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message;
  }
}

function amount(count: number, origin: string): string {
  if (origin === 'string') return count === 1 ? '1 character' : `${count} characters`;
  if (origin === 'array') return count === 1 ? '1 entry' : `${count} entries`;
  return String(count);
}

const LONGEST_SHOWN = 80;

/** A value as JSON, cut where it is long. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  // undefined for functions and symbols, which no JSON holds
  const text = (JSON.stringify(value) as string | undefined) ?? typeof value;
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}...`;
}
