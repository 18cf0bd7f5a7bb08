/** A message as bytes that can be spliced: how it is read from a pull's answer, and how it is written into a batch. */
export { MessageCursor, propertiesOf } from '../remoting/protocol/stored-message.ts';
export { encodeProperties } from '../remoting/protocol/properties.ts';
export {
  BATCH_HEAD_BYTES,
  BATCH_OVERHEAD_BYTES,
  writeBatchHead,
  writeBatchPropertiesLength,
} from '../remoting/protocol/batch-message.ts';
