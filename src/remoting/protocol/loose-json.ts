import { ProtocolError } from './protocol-error.ts';

/** Strings (left as they are), or a key that is a bare number, or an object of no objects. */
const STRING_OR_KEY = /"(?:[^"\\]|\\.)*"|(?<=[{,]\s*)(-?\d+|\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\})(?=\s*:)/g;

/**
 * Parses JSON as servers write it (fastjson): maps with number keys come as `{0:"a",1:"b"}`, those with objects as keys as
 * `{{"queueId":0}:1}`. Both are read as string keys.
 * @throws ProtocolError
 */
export function parseLooseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parseQuoted(text);
  }
}

function parseQuoted(text: string): unknown {
  const quoted = text.replace(STRING_OR_KEY, (match, key: string | undefined) =>
    key === undefined ? match : JSON.stringify(key),
  );
  try {
    return JSON.parse(quoted);
  } catch (error) {
    throw new ProtocolError(`a body that is no JSON: ${JSON.stringify(text.slice(0, 100))}`, { cause: error });
  }
}
