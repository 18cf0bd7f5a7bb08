import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import { integerAt, jsonBody, objectsAt, stringAt } from './json-body.ts';
import type { QueuePlace } from './queue-place.ts';

export interface QueueLocks {
  readonly group: string;
  /** Who holds the locks. */
  readonly clientId: string;
  readonly queues: readonly QueuePlace[];
}

/**
 * LOCK_BATCH_MQ: takes or renews locks on queues for one client of a group, and answers with those that it now holds. A lock lapses
 * 60 s after its last renewal. Brokers keep locks in memory only and check nothing: any group, client, topic and queue will do.
 *
 *     body: { consumerGroup, clientId, mqSet: [{ topic, brokerName, queueId }] } -> { lockOKMQSet: [{ topic, brokerName, queueId }] }
 */
export const lockBatchMq: RequestKind<QueueLocks, QueuePlace[]> = {
  code: 41,
  name: 'LOCK_BATCH_MQ',
  accepts: [SUCCESS],
  build: (locks) => ({ fields: {}, body: [lockBody(locks)] }),
  read: (answer) =>
    objectsAt(jsonBody(answer), 'lockOKMQSet').map((queue) => ({
      topic: stringAt(queue, 'topic'),
      broker: stringAt(queue, 'brokerName'),
      queue: integerAt(queue, 'queueId'),
    })),
};

export function lockBody({ group, clientId, queues }: QueueLocks): Buffer {
  const mqSet = queues.map(({ topic, broker, queue }) => ({ topic, brokerName: broker, queueId: queue }));
  return Buffer.from(JSON.stringify({ consumerGroup: group, clientId, mqSet }));
}
