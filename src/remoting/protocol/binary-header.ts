import type { Command } from './command.ts';
import { ProtocolError } from './protocol-error.ts';

const FIXED_BYTES = 2 + 1 + 2 + 4 + 4 + 4 + 4;

/**
 * Reads a header in the ROCKETMQ form (RocketMQSerializable in org.apache.rocketmq.remoting.protocol):
 *
 *     code int16 | language int8 | version int16 | opaque int32 | flag int32 | remarkLength int32, remark
 *     fieldsLength int32, fields: ( nameLength int16, name | valueLength int32, value )*
 *
 * @throws ProtocolError
 */
export function readBinaryHeader(bytes: Buffer): Omit<Command, 'body'> {
  if (bytes.length < FIXED_BYTES) throw new ProtocolError(`a binary header of ${bytes.length} bytes`);
  const remarkEnd = end(bytes, 17, bytes.readInt32BE(13), bytes.length - 4);
  const fieldsStart = remarkEnd + 4;
  const fieldsEnd = end(bytes, fieldsStart, bytes.readInt32BE(remarkEnd), bytes.length);
  return {
    code: bytes.readInt16BE(0),
    opaque: bytes.readInt32BE(5),
    flag: bytes.readInt32BE(9),
    remark: bytes.toString('utf8', 17, remarkEnd),
    fields: readFields(bytes, fieldsStart, fieldsEnd),
  };
}

function readFields(bytes: Buffer, start: number, fieldsEnd: number): Record<string, string> {
  const fields = Object.create(null) as Record<string, string>;
  let position = start;
  while (position < fieldsEnd) {
    if (position + 2 > fieldsEnd) throw cutShort(position, fieldsEnd);
    const nameEnd = end(bytes, position + 2, bytes.readInt16BE(position), fieldsEnd - 4);
    const valueEnd = end(bytes, nameEnd + 4, bytes.readInt32BE(nameEnd), fieldsEnd);
    fields[bytes.toString('utf8', position + 2, nameEnd)] = bytes.toString('utf8', nameEnd + 4, valueEnd);
    position = valueEnd;
  }
  return fields;
}

function end(bytes: Buffer, start: number, length: number, limit: number): number {
  if (length < 0 || start + length > limit) throw cutShort(start, bytes.length);
  return start + length;
}

function cutShort(position: number, limit: number): ProtocolError {
  return new ProtocolError(`a binary header whose part at byte ${position} does not fit into its ${limit} bytes`);
}
