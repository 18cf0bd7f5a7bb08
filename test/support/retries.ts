import { call, type RequestKind } from '../../src/remoting/call.ts';
import { Connection } from '../../src/remoting/network/connection.ts';
import { parseAddress } from '../../src/remoting/network/open-link.ts';
import { MessageCursor, propertiesOf } from '../../src/transport/message.ts';
import type { Queue, QueueReader } from '../../src/transport/types.ts';

/** A message as it is stored. */
export interface Stored {
  readonly offset: number;
  readonly physicalOffset: number;
  readonly flag: number;
  readonly reconsumeTimes: number;
  readonly body: string;
  readonly properties: ReadonlyMap<string, string>;
}

/** All that the queue holds. */
export async function readQueue(reader: QueueReader, queue: Queue): Promise<Stored[]> {
  const { min, max } = await reader.range(queue);
  const stored: Stored[] = [];
  for (let offset = min; offset < max;) {
    const answer = await reader.pull(queue, { offset, maxMessages: 32, waitMs: 0 });
    const message = new MessageCursor(answer.records);
    while (message.next()) stored.push(asStored(message));
    offset = answer.nextOffset;
  }
  return stored;
}

function asStored(message: MessageCursor): Stored {
  const { records, queueOffset: offset, flag, reconsumeTimes } = message;
  return {
    offset,
    physicalOffset: Number(records.readBigInt64BE(message.start + 28)),
    flag,
    reconsumeTimes,
    body: records.toString('utf8', message.bodyStart, message.bodyEnd),
    properties: propertiesOf(message),
  };
}

/** As a push consumer that failed to process these: they are in the group's retry topic a second later. */
export async function sendBack(address: string, group: string, messages: readonly Stored[]): Promise<void> {
  const connection = new Connection(parseAddress(address));
  try {
    for (const { physicalOffset } of messages)
      await call(connection, consumerSendMessageBack, { group, physicalOffset }, { timeoutMs: 10_000 });
  } finally {
    connection.close();
  }
}

const consumerSendMessageBack: RequestKind<{ readonly group: string; readonly physicalOffset: number }, undefined> = {
  code: 36,
  name: 'CONSUMER_SEND_MSG_BACK',
  accepts: [0],
  build: ({ group, physicalOffset }) => ({
    fields: { group, offset: physicalOffset, delayLevel: 1, unitMode: false, maxReconsumeTimes: 16 },
  }),
  read: () => undefined,
};
