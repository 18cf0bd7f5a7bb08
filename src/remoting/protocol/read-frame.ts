import { readBinaryHeader } from './binary-header.ts';
import type { Command } from './command.ts';
import { readJsonHeader } from './json-header.ts';
import { ProtocolError } from './protocol-error.ts';

const JSON_FORM = 0;
const BINARY_FORM = 1;

/**
 * Reads a frame without its length word: int8 serialisation type, int24 header length | header | body. The body is a view.
 * @throws ProtocolError
 */
export function readFrame(frame: Buffer): Command {
  const form = frame.readUInt8(0);
  const bodyStart = 4 + frame.readUIntBE(1, 3);
  if (bodyStart > frame.length)
    throw new ProtocolError(`a header of ${bodyStart - 4} bytes in a frame of ${frame.length}`);
  const header = frame.subarray(4, bodyStart);
  const body = frame.subarray(bodyStart);
  if (form === JSON_FORM) return { ...readJsonHeader(header), body };
  if (form === BINARY_FORM) return { ...readBinaryHeader(header), body };
  throw new ProtocolError(`unknown header form ${form}; expected 0 (JSON) or 1 (ROCKETMQ)`);
}
