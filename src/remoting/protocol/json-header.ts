import type { Command } from './command.ts';
import { ProtocolError } from './protocol-error.ts';

/**
 * Reads a header in JSON: `{ "code", "opaque", "flag", "remark"?, "extFields"?, ... }`, extFields a map of strings.
 * @throws ProtocolError
 */
export function readJsonHeader(bytes: Buffer): Omit<Command, 'body'> {
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString());
  } catch (error) {
    throw new ProtocolError(`a header that is no JSON: ${JSON.stringify(bytes.toString('latin1', 0, 60))}`, {
      cause: error,
    });
  }
  if (!isRecord(header)) throw new ProtocolError('a JSON header that is no object');
  const { remark, extFields } = header;
  return {
    code: integer(header, 'code'),
    opaque: integer(header, 'opaque'),
    flag: integer(header, 'flag'),
    remark: typeof remark === 'string' ? remark : '',
    fields: isRecord(extFields) ? strings(extFields) : {},
  };
}

function integer(header: Readonly<Record<string, unknown>>, name: string): number {
  const value = header[name];
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new ProtocolError(`a JSON header without an integer ${name}: ${JSON.stringify(value)}`);
  return value;
}

function strings(extFields: Readonly<Record<string, unknown>>): Record<string, string> {
  const fields = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(extFields)) if (typeof value === 'string') fields[name] = value;
  return fields;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
