import type { RequestKind } from '../call.ts';
import { SUCCESS, TOPIC_NOT_EXIST } from '../response-codes.ts';
import { type BrokerData, readBrokerData } from './broker-data.ts';
import { integerAt, jsonBody, objectsAt, stringAt } from './json-body.ts';

export interface QueueData {
  readonly broker: string;
  readonly readQueues: number;
  readonly writeQueues: number;
  /** 2 write, 4 read, 6 both. */
  readonly perm: number;
}

export interface TopicRoute {
  readonly queues: readonly QueueData[];
  readonly brokers: readonly BrokerData[];
}

/**
 * GET_ROUTEINFO_BY_TOPIC, of a name server: where a topic's queues are; `undefined` where it knows no such topic. Old servers write number
 * keys without quotes, asked or not.
 *
 *     fields: topic, acceptStandardJsonOnly
 *     -> { queueDatas: [{ brokerName, readQueueNums, writeQueueNums, perm }], brokerDatas: [{ brokerName, brokerAddrs }] };
 *        or 17 TOPIC_NOT_EXIST
 */
export const getRouteInfo: RequestKind<string, TopicRoute | undefined> = {
  code: 105,
  name: 'GET_ROUTEINFO_BY_TOPIC',
  accepts: [SUCCESS, TOPIC_NOT_EXIST],
  build: (topic) => ({ fields: { topic, acceptStandardJsonOnly: true } }),
  read: (answer) => {
    if (answer.code === TOPIC_NOT_EXIST) return undefined;
    const route = jsonBody(answer);
    return {
      queues: objectsAt(route, 'queueDatas').map((queue) => ({
        broker: stringAt(queue, 'brokerName'),
        readQueues: integerAt(queue, 'readQueueNums'),
        writeQueues: integerAt(queue, 'writeQueueNums'),
        perm: integerAt(queue, 'perm'),
      })),
      brokers: objectsAt(route, 'brokerDatas').map(readBrokerData),
    };
  },
};
