import type { RequestKind } from '../call.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import { FLUSH_DISK_TIMEOUT, FLUSH_SLAVE_TIMEOUT, SLAVE_NOT_AVAILABLE, SUCCESS } from '../response-codes.ts';
import { integerField } from './fields.ts';
import type { QueuePlace } from './queue-place.ts';

export interface SendMessage extends QueuePlace {
  readonly producerGroup: string;
  readonly sysFlag: number;
  /** ms since 1970. */
  readonly bornTimestamp: number;
  readonly flag: number;
  /** In wire form. */
  readonly properties: string;
  readonly reconsumeTimes: number;
  /** Above it the broker writes a message for a retry topic to the group's dead letters instead. */
  readonly maxReconsumeTimes: number;
  readonly body: Buffer;
}

export interface Sent {
  readonly queueOffset: number;
  /** Where the message begins in the broker's commit log. */
  readonly physicalOffset: number;
}

/** The last 8 bytes of `msgId` (MessageDecoder.createMessageId), behind the broker's host and port. */
const PHYSICAL_OFFSET = /^[0-9A-Fa-f]{16}(?:[0-9A-Fa-f]{24})?([0-9A-Fa-f]{16})$/;

/**
 * SEND_MESSAGE_V2: appends one message to one queue. The broker writes its properties anew, in an order of its own, with a `CLUSTER`, `MSG_REGION` and
 * `TRACE_ON` of its own, and refuses an empty body. Codes 10, 11 and 12 mean stored, as in `sendBatchMessage`, where the fields are explained.
 *
 *     fields: as SEND_BATCH_MESSAGE, and l most reconsume times -> msgId, queueId, queueOffset
 *     body: the message's
 */
export const sendMessage: RequestKind<SendMessage, Sent> = {
  code: 310,
  name: 'SEND_MESSAGE_V2',
  accepts: [SUCCESS, FLUSH_DISK_TIMEOUT, SLAVE_NOT_AVAILABLE, FLUSH_SLAVE_TIMEOUT],
  build: (message) => ({
    fields: {
      a: message.producerGroup,
      b: message.topic,
      c: message.topic,
      d: 1,
      e: message.queue,
      f: message.sysFlag,
      g: message.bornTimestamp,
      h: message.flag,
      i: message.properties,
      j: message.reconsumeTimes,
      k: false,
      l: message.maxReconsumeTimes,
      m: false,
      n: message.broker,
    },
    body: [message.body],
  }),
  read: (answer) => {
    const { msgId = '' } = answer.fields;
    const [, offset] = PHYSICAL_OFFSET.exec(msgId) ?? [];
    if (offset === undefined)
      throw new ProtocolError(`msgId is ${JSON.stringify(msgId)}, which names no place in a log`);
    return { queueOffset: integerField(answer, 'queueOffset'), physicalOffset: Number(`0x${offset}`) };
  },
};
