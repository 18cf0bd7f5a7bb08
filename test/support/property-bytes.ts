import fc from 'fast-check';
import { NOT_COPIED } from '../../src/pump/properties.ts';

/** Arbitrary properties of messages, in wire form: what applications write, and what nobody should. */

/** Names that are told from a name that is not copied only by their last byte. */
const NEARLY = NOT_COPIED.flatMap((name) => [name.slice(0, -1), `${name}X`, name.toLowerCase()]);
const ORDINARY = ['KEYS', 'TAGS', 'UNIQ_KEY', '__SHARDINGKEY', 'REPL_FRO', 'REPL_ORIGINS', 'größe-数量', 'D', ''];

function bytesWithout(separators: readonly number[], maxLength: number): fc.Arbitrary<Buffer> {
  const byte = fc.nat(255).filter((value) => !separators.includes(value));
  return fc.array(byte, { maxLength }).map((bytes) => Buffer.from(bytes));
}

const name = fc.oneof(
  fc.constantFrom(...NOT_COPIED).map((text) => Buffer.from(text)),
  fc.constantFrom(...NEARLY, ...ORDINARY).map((text) => Buffer.from(text)),
  bytesWithout([1, 2], 12),
);
const value = fc.oneof(
  bytesWithout([2], 20),
  fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => Buffer.from(text.replaceAll('\u0002', ''))),
);

/** `name 0x01 value`, and now and then something without a 0x01. */
export const part: fc.Arbitrary<Buffer> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(name, value).map(([left, right]) => Buffer.concat([left, Buffer.of(1), right])),
  },
  { weight: 1, arbitrary: name },
);

/** Parts one after the other, each with its 0x02, the last one perhaps without. */
export function wire(parts: readonly Buffer[], endsWithSeparator: boolean): Buffer {
  const bytes = Buffer.concat(parts.flatMap((each) => [each, Buffer.of(2)]));
  return endsWithSeparator || bytes.length === 0 ? bytes : bytes.subarray(0, -1);
}

export function nameOf(each: Buffer): string {
  const text = each.toString('latin1');
  const end = text.indexOf('\u0001');
  return end < 0 ? text : text.slice(0, end);
}
