import {
  BATCH_OVERHEAD_BYTES,
  encodeProperties,
  writeBatchHead,
  writeBatchPropertiesLength,
} from '../transport/message.ts';
import type { Batch } from '../transport/types.ts';

/** A batch of one message of our own, born now. */
export function batchOfOne(properties: Iterable<readonly [name: string, value: string]>, body: Buffer): Batch {
  const wire = encodeProperties(properties);
  const bytes = Buffer.allocUnsafe(BATCH_OVERHEAD_BYTES + body.length + wire.length);
  let at = writeBatchHead(bytes, 0, 0, body.length, wire.length);
  at += body.copy(bytes, at);
  at = writeBatchPropertiesLength(bytes, at, wire.length);
  wire.copy(bytes, at);
  return { sysFlag: 0, bornTimestamp: Date.now(), parts: [bytes], bytes: bytes.length, messages: 1 };
}
