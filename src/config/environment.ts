import type { Finding } from './issues.ts';

/**
 * `${NAME}` inside a string of the file stands for an environment variable, `$${NAME}` for the text `${NAME}` itself.
 *
 * YAML does not allow braces in an unquoted text inside `{ }`, yet `{ accessKey: ${EAST_AK} }` is what people write. So before YAML
 * sees the file, the braces of a reference are replaced, one character for one, by characters that nobody types: lines
 * and columns stay as they are.
 */
const OPEN = '\uE000';
const CLOSE = '\uE001';
const NAME = '[A-Za-z_][A-Za-z0-9_]*';

const written = new RegExp(`\\$\\{(${NAME})\\}`, 'g');
const hidden = new RegExp(`(\\$?)\\$${OPEN}(${NAME})${CLOSE}`, 'g');

export type Environment = Readonly<Record<string, string | undefined>>;

/** Makes the references of a file harmless for YAML. */
export function hideReferences(text: string): string {
  return text.replace(written, `$$${OPEN}$1${CLOSE}`);
}

/** The value as it was written, for error messages: variables are not read, so no secret shows. */
export function asWritten(value: unknown): unknown {
  return mapTexts(value, [], (text) => text.replaceAll(OPEN, '{').replaceAll(CLOSE, '}'));
}

/** Replaces every reference in the strings of `value`; a reference that cannot be resolved is reported and left as written. */
export function resolveReferences(value: unknown, environment: Environment): { value: unknown; missing: Finding[] } {
  const missing: Finding[] = [];

  function resolveText(text: string, path: readonly PropertyKey[]): string {
    if (text.includes('${'))
      missing.push({
        path,
        message: `found "\${" without a name; expected \${NAME}, with letters, digits and _ in NAME`,
      });
    return text.replace(hidden, (_, escape: string, name: string) => {
      if (escape !== '') return `\${${name}}`;
      const found = environment[name];
      if (found === undefined)
        missing.push({
          path,
          message: `found \${${name}}; expected the environment variable ${name} to be set`,
        });
      return found ?? `\${${name}}`;
    });
  }

  return { value: mapTexts(value, [], resolveText), missing };
}

type Path = readonly PropertyKey[];

function mapTexts(node: unknown, path: Path, change: (text: string, path: Path) => string): unknown {
  if (typeof node === 'string') return change(node, path);
  if (Array.isArray(node)) return node.map((item, index) => mapTexts(item, [...path, index], change));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, mapTexts(item, [...path, key], change)]));
}
