import type { z } from 'zod';

/** One thing that is wrong with a value that a person wrote. */
export interface Problem {
  /** Where: `topics[0]`; empty for the value as a whole. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

type Issue = z.core.$ZodIssue;

/** What zod found, in words: for each issue the field's path, what was found there and what was expected. */
export function problemsOf(error: z.ZodError, value: unknown): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, value, []));
}

/** `topics[0]: expected a topic name, found 5` */
export function sentence({ path, found, expected }: Problem): string {
  return `${path === '' ? 'input' : path}: ${expected}, found ${found}`;
}

export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path)
    text += typeof part === 'number' ? `[${part}]` : text === '' ? String(part) : `.${String(part)}`;
  return text;
}

function problemsOfIssue(issue: Issue, value: unknown, above: readonly PropertyKey[]): Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: pathText([...path, key]),
      found: shown(at(value, [...path, key])),
      expected: 'expected no such field',
    }));
  if (issue.code === 'invalid_union' && !hasOwnText(issue)) {
    const branch = closestBranch(issue.errors);
    if (branch) return branch.flatMap((inner) => problemsOfIssue(inner, value, path));
  }
  return [{ path: pathText(path), found: shown(at(value, path)), expected: expectedBy(issue) }];
}

/** The schema's author wrote what is expected. */
function hasOwnText(issue: Issue): boolean {
  return issue.message.startsWith('expected ');
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list',
  object: 'a JSON object',
};

function expectedBy(issue: Issue): string {
  if (hasOwnText(issue)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.map((known) => String(known)).join(' or ')}`;
    case 'too_small':
      return `expected at least ${amount(issue.minimum, issue.origin)}`;
    case 'too_big':
      return `expected at most ${amount(issue.maximum, issue.origin)}`;
    case 'invalid_format':
      return `expected another format (${issue.message})`;
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message;
  }
}

function amount(count: number | bigint, origin: string): string {
  if (origin === 'string') return `${count} characters`;
  return origin === 'array' ? `${count} entries` : String(count);
}

/** Of a union's alternatives the one that got furthest into the value, else the one with the fewest complaints. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const depth = (branch: readonly Issue[]) => Math.max(...branch.map((issue) => issue.path.length));
  return [...branches].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<PropertyKey, unknown>)[part];
  }
  return here;
}

const LONGEST_SHOWN = 80;

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  // undefined for functions and symbols, which no JSON holds
  const text = (JSON.stringify(value) as string | undefined) ?? typeof value;
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}...`;
}
