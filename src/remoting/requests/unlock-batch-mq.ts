import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import { type QueueLocks, lockBody } from './lock-batch-mq.ts';

/**
 * UNLOCK_BATCH_MQ: releases those locks that the client holds; those of another client stay, which is no error.
 *
 *     body: { consumerGroup, clientId, mqSet: [{ topic, brokerName, queueId }] } -> nothing
 */
export const unlockBatchMq: RequestKind<QueueLocks, undefined> = {
  code: 42,
  name: 'UNLOCK_BATCH_MQ',
  accepts: [SUCCESS],
  build: (locks) => ({ fields: {}, body: [lockBody(locks)] }),
  read: () => undefined,
};
