import { ProtocolError } from './protocol-error.ts';

const TWO_POW_32 = 0x1_0000_0000;
const MAX_HIGH_WORD = 0x1f_ffff;

/**
 * Reads a non-negative int64 as a number, without a BigInt.
 * @throws ProtocolError for a negative value or one above `Number.MAX_SAFE_INTEGER`
 */
export function readInt64(bytes: Buffer, position: number): number {
  const high = bytes.readUInt32BE(position);
  if (high > MAX_HIGH_WORD)
    throw new ProtocolError(
      `int64 at byte ${position} is outside 0..2^53-1: 0x${bytes.toString('hex', position, position + 8)}`,
    );
  return high * TWO_POW_32 + bytes.readUInt32BE(position + 4);
}
