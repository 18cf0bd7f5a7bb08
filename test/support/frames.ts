/** Just enough of the remoting protocol to tell frames apart, written apart from src/remoting so that neither hides the other's faults. */

/** Cuts a stream into whole frames, their length field included. */
export function takeFrames(stream: Buffer): { frames: Buffer[]; rest: Buffer } {
  const frames: Buffer[] = [];
  let rest = stream;
  while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
    const length = 4 + rest.readInt32BE(0);
    frames.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
  return { frames, rest };
}

/** How many bytes the first frame still lacks; 0 where it is whole, or where even its length is not known yet. */
export function missingBytes(chunks: readonly Buffer[]): number {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const first = chunks.find((chunk) => chunk.length > 0);
  return first && first.length >= 4 ? Math.max(0, 4 + first.readInt32BE(0) - length) : 0;
}

const BINARY_HEADER = 1;

interface JsonHeader {
  readonly code: number;
  readonly opaque: number;
}

/** Request code, or an answer's response code. */
export function frameCode(frame: Buffer): number {
  return frame[4] === BINARY_HEADER ? frame.readInt16BE(8) : jsonHeader(frame).code;
}

/** What an answer has in common with its request. */
export function frameOpaque(frame: Buffer): number {
  // int16 code, byte language, int16 version, int32 opaque
  return frame[4] === BINARY_HEADER ? frame.readInt32BE(13) : jsonHeader(frame).opaque;
}

function jsonHeader(frame: Buffer): JsonHeader {
  return JSON.parse(frame.toString('utf8', 8, 8 + frame.readUIntBE(5, 3))) as JsonHeader;
}
