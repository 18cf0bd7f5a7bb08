import { ProtocolError } from './protocol-error.ts';

/** As much as the official client takes by default (`com.rocketmq.remoting.frameMaxLength`). */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

const LENGTH_BYTES = 4;
/** The header's own length word. */
const SMALLEST_FRAME = 4;

/**
 * Cuts a stream of bytes into frames: int32 length of the rest, then that many bytes. A frame that lies within one chunk is a
 * view on it; one that spans chunks is copied once, into a buffer of its own size.
 */
export class FrameSplitter {
  readonly #maxFrameBytes: number;
  readonly #lengthBytes = Buffer.alloc(LENGTH_BYTES);
  /** Bytes of the length read so far; `LENGTH_BYTES` while a frame is being filled. */
  #lengthFilled = 0;
  #frame: Buffer | undefined;
  #frameFilled = 0;

  constructor(maxFrameBytes: number = MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /**
   * Takes the next chunk and hands out each frame, without its length, that it completes.
   * @throws ProtocolError for a length that no frame can have; the stream cannot be read any further
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    let position = 0;
    while (position < chunk.length) {
      if (this.#frame) {
        position += this.#fill(this.#frame, chunk, position);
        if (this.#frameFilled < this.#frame.length) return;
        const frame = this.#frame;
        this.#reset();
        onFrame(frame);
        continue;
      }
      const missing = LENGTH_BYTES - this.#lengthFilled;
      const taken = chunk.copy(this.#lengthBytes, this.#lengthFilled, position, position + missing);
      this.#lengthFilled += taken;
      position += taken;
      if (this.#lengthFilled < LENGTH_BYTES) return;
      const length = this.#readLength();
      if (position + length <= chunk.length) {
        this.#reset();
        onFrame(chunk.subarray(position, position + length));
        position += length;
      } else {
        this.#frame = Buffer.allocUnsafeSlow(length);
      }
    }
  }

  #fill(frame: Buffer, chunk: Buffer, position: number): number {
    const taken = chunk.copy(frame, this.#frameFilled, position);
    this.#frameFilled += taken;
    return taken;
  }

  #readLength(): number {
    const length = this.#lengthBytes.readInt32BE(0);
    if (length < SMALLEST_FRAME || length > this.#maxFrameBytes)
      throw new ProtocolError(
        `a frame of ${length} bytes (first bytes ${JSON.stringify(this.#lengthBytes.toString('latin1'))}); ` +
          `a RocketMQ server sends ${SMALLEST_FRAME} to ${this.#maxFrameBytes}`,
      );
    return length;
  }

  #reset(): void {
    this.#lengthFilled = 0;
    this.#frame = undefined;
    this.#frameFilled = 0;
  }
}
