import type { RequestKind } from '../call.ts';
import { FLUSH_DISK_TIMEOUT, FLUSH_SLAVE_TIMEOUT, SLAVE_NOT_AVAILABLE, SUCCESS } from '../response-codes.ts';
import { integerField } from './fields.ts';
import type { QueuePlace } from './queue-place.ts';

export interface SendBatch extends QueuePlace {
  readonly producerGroup: string;
  /** Of every message in the batch. */
  readonly sysFlag: number;
  /** Of every message in the batch, ms since 1970. */
  readonly bornTimestamp: number;
  /** The messages as `batch-message.ts` lays them out, in parts that are sent one after the other. */
  readonly parts: readonly Buffer[];
}

/**
 * SEND_BATCH_MESSAGE: appends all messages or none, one after the other, to one queue. Resolves with the first one's offset.
 * Codes 10, 11 and 12 mean stored as well: flushed or replicated too late, or no slave to replicate to (SendMessageProcessor).
 *
 * The header is SendMessageRequestHeaderV2. Its own properties (i) do not reach the messages. The default topic (c) is the template
 * for a topic that does not exist: naming the topic itself makes the broker refuse (17) instead of creating one.
 *
 *     fields: a producer group, b topic, c default topic, d its queues, e queue, f sysFlag, g born timestamp, h flag, i properties,
 *             j reconsume times, k unit mode, m batch, n broker -> msgId, queueId, queueOffset
 *     body: messages in the client-side encoding
 */
export const sendBatchMessage: RequestKind<SendBatch, number> = {
  code: 320,
  name: 'SEND_BATCH_MESSAGE',
  accepts: [SUCCESS, FLUSH_DISK_TIMEOUT, SLAVE_NOT_AVAILABLE, FLUSH_SLAVE_TIMEOUT],
  build: (batch) => ({
    fields: {
      a: batch.producerGroup,
      b: batch.topic,
      c: batch.topic,
      d: 1,
      e: batch.queue,
      f: batch.sysFlag,
      g: batch.bornTimestamp,
      h: 0,
      i: '',
      j: 0,
      k: false,
      m: true,
      n: batch.broker,
    },
    body: batch.parts,
  }),
  read: (answer) => integerField(answer, 'queueOffset'),
};
