import { isUtf8 } from 'node:buffer';
import { readBatchMessage } from '../../remoting/protocol/batch-message.ts';
import { MessageCursor } from '../../remoting/protocol/stored-message.ts';
import { sendMessage } from '../../remoting/requests/send-message.ts';
import { viewMessage } from '../../remoting/requests/view-message-by-id.ts';
import { groupBehind } from '../../replication/retry-topics.ts';
import { TransportError } from '../errors.ts';
import type { Batch, Queue } from '../types.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { place } from './source.ts';

/** More tries than any message has, so that a broker does not write it to the dead letters for them. */
const MOST_TRIES = 2_147_483_647;

/**
 * Sends the one message of a batch to a retry topic, for which brokers refuse batches. While a consumer of its group holds locks at the destination, as
 * those that consume in order do, a 5.x broker writes it to the group's dead letters instead, and answers as if nothing were amiss
 * (SendMessageProcessor.handleRetryAndDLQ). So the record is looked at.
 * @throws TransportError, refused for good where it is not in the topic, or cannot be
 */
export async function sendAlone(
  connections: BrokerConnections,
  queue: Queue,
  batch: Batch,
  timeoutMs: number,
): Promise<number> {
  const { sysFlag, bornTimestamp, reconsumeTimes = 0 } = batch;
  const { flag, body, properties } = readBatchMessage(Buffer.concat(batch.parts));
  const { broker, topic } = queue;
  if (batch.messages > 1) throw refusal(queue, 'takes one message at a time');
  if (body.length === 0) throw refusal(queue, 'takes no message without a body');
  if (!isUtf8(properties)) throw refusal(queue, 'takes no properties that are not UTF-8');
  // access control asks for what the group's consumers may do
  const producerGroup = groupBehind(topic);
  const message = { ...place(queue), producerGroup, sysFlag, bornTimestamp, flag, reconsumeTimes, body };
  const sent = { ...message, properties: properties.toString(), maxReconsumeTimes: MOST_TRIES };
  const { queueOffset, physicalOffset } = await connections.call(broker, sendMessage, sent, { timeoutMs });
  const stored = new MessageCursor(await connections.call(broker, viewMessage, { topic, physicalOffset }));
  const where = stored.next() ? stored.topic : 'nowhere';
  if (where === topic) return queueOffset;
  throw refusal(
    queue,
    `put the message into ${where} instead: a consumer of the group that consumes in order is online there, or was in the last minute`,
  );
}

function refusal({ broker, topic }: Queue, reason: string): TransportError {
  return new TransportError(`broker ${broker}, topic ${topic}: it ${reason}`, {
    ...{ address: broker, retryable: false, answered: true, refusedForGood: true },
  });
}
