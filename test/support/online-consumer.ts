import { call, type RequestKind } from '../../src/remoting/call.ts';
import { Connection } from '../../src/remoting/network/connection.ts';
import { parseAddress } from '../../src/remoting/network/open-link.ts';

export interface OnlineConsumerOptions {
  /** `host:port` of the broker. */
  readonly broker: string;
  readonly group: string;
  readonly topics: readonly string[];
  readonly clientId?: string;
  readonly messageModel?: 'CLUSTERING' | 'BROADCASTING';
}

/** A consumer that is there and consumes nothing: brokers take a connection for one that says so in a heartbeat, for two minutes. */
export async function goOnline(options: OnlineConsumerOptions): Promise<{ readonly close: () => void }> {
  const connection = new Connection(parseAddress(options.broker));
  await call(connection, heartbeat, options, { timeoutMs: 10_000 });
  return {
    close: () => {
      connection.close();
    },
  };
}

/** HEART_BEAT, body HeartbeatData (org.apache.rocketmq.common.protocol.heartbeat). */
export const heartbeat: RequestKind<OnlineConsumerOptions, undefined> = {
  code: 34,
  name: 'HEART_BEAT',
  accepts: [0],
  build: ({ group, topics, clientId = 'test@consumer', messageModel = 'CLUSTERING' }) => ({
    fields: {},
    body: [
      Buffer.from(
        JSON.stringify({
          clientID: clientId,
          producerDataSet: [],
          consumerDataSet: [
            {
              groupName: group,
              consumeType: 'CONSUME_PASSIVELY',
              messageModel,
              consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
              unitMode: false,
              subscriptionDataSet: topics.map((topic) => ({
                ...{ topic, subString: '*', tagsSet: [], codeSet: [], subVersion: 1 },
                ...{ classFilterMode: false, expressionType: 'TAG' },
              })),
            },
          ],
        }),
      ),
    ],
  }),
  read: () => undefined,
};
