/**
 * One message of a SEND_BATCH_MESSAGE body (MessageDecoder.encodeMessage in org.apache.rocketmq.common.message):
 *
 *     totalSize int32 | magic int32 0 | bodyCrc int32 0 | flag int32 | bodyLength int32, body | propertiesLength int16, properties
 *
 * Magic and CRC are ignored by the broker, which reckons its own.
 */

/** Bytes before the body. */
export const BATCH_HEAD_BYTES = 20;
/** Bytes of a message beside its body and properties: the head and the properties' length. */
export const BATCH_OVERHEAD_BYTES = BATCH_HEAD_BYTES + 2;
/** The properties' length is an int16. */
export const MAX_PROPERTIES_BYTES = 32_767;

/** One message of a batch. */
export interface BatchMessage {
  readonly flag: number;
  readonly body: Buffer;
  /** In wire form. */
  readonly properties: Buffer;
}

/** Reads the first message of a batch, without copying. */
export function readBatchMessage(bytes: Buffer): BatchMessage {
  const bodyEnd = BATCH_HEAD_BYTES + bytes.readInt32BE(16);
  const propertiesAt = bodyEnd + 2;
  return {
    flag: bytes.readInt32BE(12),
    body: bytes.subarray(BATCH_HEAD_BYTES, bodyEnd),
    properties: bytes.subarray(propertiesAt, propertiesAt + bytes.readInt16BE(bodyEnd)),
  };
}

/** Writes the bytes before the body at `position`; `flag` is the message's own flag. Returns the position after them. */
export function writeBatchHead(
  target: Buffer,
  position: number,
  flag: number,
  bodyBytes: number,
  propertiesBytes: number,
): number {
  target.writeInt32BE(BATCH_OVERHEAD_BYTES + bodyBytes + propertiesBytes, position);
  target.fill(0, position + 4, position + 12);
  target.writeInt32BE(flag, position + 12);
  return target.writeInt32BE(bodyBytes, position + 16);
}

/**
 * Writes the properties' length, which stands between body and properties. Returns the position after it.
 * @throws RangeError above `MAX_PROPERTIES_BYTES`
 */
export function writeBatchPropertiesLength(target: Buffer, position: number, propertiesBytes: number): number {
  return target.writeInt16BE(propertiesBytes, position);
}
