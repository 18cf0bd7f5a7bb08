import type { z } from 'zod';
import { problemsOf, shown, type Problem, type Wording } from '../replication/problems.ts';
import { knownKeys } from './json-schema.ts';

/** What is wrong at one place of the file, as a sentence for the person who wrote it. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const YAML_WORDING: Wording = { object: 'a map', found: describe };

/** @param root what was validated, with references as they were written, so that no secret of the environment shows */
export function findings(error: z.ZodError, root: unknown): Finding[] {
  return problemsOf(error, root, YAML_WORDING).map(({ path, ...problem }) => ({
    path,
    message: message(path, problem),
  }));
}

function message(path: readonly PropertyKey[], { found, expected, isUnknown }: Omit<Problem, 'path'>): string {
  if (!isUnknown) return `found ${found}; ${expected}`;
  return `found an unknown key; expected one of: ${knownKeys(path.slice(0, -1)).join(', ')}`;
}

/** What stands at this path, in a few words. What belongs to `auth` is never shown. */
function describe(value: unknown, path: readonly PropertyKey[]): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  return path.includes('auth') ? 'something else (not shown, it may be secret)' : shown(value);
}
