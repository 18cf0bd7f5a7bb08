import { PROPERTY_TRIES } from '../replication/names.ts';
import type { MessageCursor } from '../transport/message.ts';
import { findProperty } from './properties.ts';

const START = Buffer.from(`${PROPERTY_TRIES}\u0001`);
const VALUE_END = 2;

/**
 * Whether a message of a retry topic is a copy itself. A broker that puts a message into a retry topic, because a consumer sent it back or did not
 * acknowledge it, keeps all its properties, those of a copy too, and counts one try more (AbstractSendMessageProcessor.consumerSendMsgBack,
 * PopReviveService.reviveRetry): only a copy has been tried as often as it says.
 */
export function isCopyItself({ records, propertiesStart, propertiesEnd, reconsumeTimes }: MessageCursor): boolean {
  const start = findProperty(records, propertiesStart, propertiesEnd, START);
  if (start < 0) return false;
  let end = start;
  while (end < propertiesEnd && records[end] !== VALUE_END) end++;
  return records.toString('latin1', start, end) === String(reconsumeTimes);
}
