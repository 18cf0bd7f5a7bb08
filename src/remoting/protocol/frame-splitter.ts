import { ProtocolError } from './protocol-error.ts';

/** As much as the official client takes by default (`com.rocketmq.remoting.frameMaxLength`). */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

const LENGTH_BYTES = 4;
/** The header's own length word. */
const SMALLEST_FRAME = 4;
/** Room for many short answers; the longer it is, the more of a long frame is copied out of it. bytes. */
const INBOX_BYTES = 16 * 1024;

/**
 * Cuts a stream of bytes into frames: int32 length of the rest, then that many bytes. It says where the stream's next bytes
 * should go, so that a socket reads most of a long frame straight into the buffer that is handed out; each frame owns its buffer.
 */
export class FrameSplitter {
  readonly #maxFrameBytes: number;
  /** Takes lengths, short frames and the beginnings of long ones. */
  readonly #inbox = Buffer.allocUnsafeSlow(INBOX_BYTES);
  /** Bytes of a length at the start of the inbox whose rest has not come yet. */
  #kept = 0;
  /** The frame whose beginning has come, and how much of it. */
  #frame: Buffer | undefined;
  #frameFilled = 0;

  constructor(maxFrameBytes: number = MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Where the next bytes of the stream belong; never empty. Valid until `filled` is called. */
  space(): Buffer {
    return this.#frame?.subarray(this.#frameFilled) ?? this.#inbox.subarray(this.#kept);
  }

  /**
   * So many bytes have come into `space()`; hands out each frame, without its length, that they complete.
   * @throws ProtocolError for a length that no frame can have; the stream cannot be read any further
   */
  filled(bytes: number, onFrame: (frame: Buffer) => void): void {
    if (!this.#frame) this.#empty(this.#kept + bytes, onFrame);
    else {
      this.#frameFilled += bytes;
      if (this.#frameFilled < this.#frame.length) return;
      const frame = this.#frame;
      this.#frame = undefined;
      onFrame(frame);
    }
  }

  /** Takes a chunk that came into memory of its own. @throws ProtocolError, as `filled` does */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    for (let position = 0; position < chunk.length;) {
      const taken = chunk.copy(this.space(), 0, position);
      position += taken;
      this.filled(taken, onFrame);
    }
  }

  /** Takes everything out of the inbox, whose first `end` bytes are the stream's; half a length stays. */
  #empty(end: number, onFrame: (frame: Buffer) => void): void {
    let position = 0;
    while (end - position >= LENGTH_BYTES) {
      const frame = Buffer.allocUnsafeSlow(this.#readLength(position));
      position += LENGTH_BYTES;
      const taken = this.#inbox.copy(frame, 0, position, end);
      position += taken;
      if (taken === frame.length) onFrame(frame);
      else {
        this.#frame = frame;
        this.#frameFilled = taken;
      }
    }
    this.#kept = this.#inbox.copy(this.#inbox, 0, position, end);
  }

  #readLength(position: number): number {
    const length = this.#inbox.readInt32BE(position);
    if (length < SMALLEST_FRAME || length > this.#maxFrameBytes) {
      const firstBytes = this.#inbox.toString('latin1', position, position + LENGTH_BYTES);
      throw new ProtocolError(
        `a frame of ${length} bytes (first bytes ${JSON.stringify(firstBytes)}); ` +
          `a RocketMQ server sends ${SMALLEST_FRAME} to ${this.#maxFrameBytes}`,
      );
    }
    return length;
  }
}
