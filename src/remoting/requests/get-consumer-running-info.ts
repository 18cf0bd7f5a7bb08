import type { RequestKind } from '../call.ts';
import type { Command } from '../protocol/command.ts';
import { parseLooseJson } from '../protocol/loose-json.ts';
import { SUCCESS } from '../response-codes.ts';
import { asObject, integerAt, jsonBody, objectAt, stringAt, type JsonObject } from './json-body.ts';
import type { QueuePlace } from './queue-place.ts';

export interface OnlineConsumer {
  readonly group: string;
  readonly clientId: string;
}

/** What an online consumer has of one queue. */
export interface ConsumedQueue extends QueuePlace {
  /** Messages that it has fetched and that its application has not finished (for pop: not acknowledged). */
  readonly unfinished: number;
  /** Offset that it will commit next, or has; -1 where it has none, and for pop. */
  readonly commitOffset: number;
}

/**
 * GET_CONSUMER_RUNNING_INFO: what a consumer that is online at this broker has fetched. The broker asks the client, for up to 10 s; it answers
 * code 1 where no such client is online, and never in the name of clients that use the gRPC protocol.
 *
 *     fields: consumerGroup, clientId, jstackEnable
 *     -> { mqTable: { { brokerName, queueId, topic }: { commitOffset, cachedMsgCount, transactionMsgCount, ... } },
 *          mqPopTable: { { brokerName, queueId, topic }: { waitAckCount, ... } }, ... }
 */
export const getConsumerRunningInfo: RequestKind<OnlineConsumer, ConsumedQueue[]> = {
  code: 307,
  name: 'GET_CONSUMER_RUNNING_INFO',
  accepts: [SUCCESS],
  build: ({ group, clientId }) => ({ fields: { consumerGroup: group, clientId, jstackEnable: false } }),
  read: (answer) => [...pulled(answer), ...popped(answer)],
};

function pulled(answer: Command): ConsumedQueue[] {
  return queuesAt(jsonBody(answer), 'mqTable', (queue) => ({
    // what an orderly consumer is at work on is counted as `transaction`
    unfinished: integerAt(queue, 'cachedMsgCount') + integerAt(queue, 'transactionMsgCount'),
    commitOffset: integerAt(queue, 'commitOffset'),
  }));
}

function popped(answer: Command): ConsumedQueue[] {
  return queuesAt(jsonBody(answer), 'mqPopTable', (queue) => ({
    unfinished: integerAt(queue, 'waitAckCount'),
    commitOffset: -1,
  }));
}

function queuesAt(
  body: JsonObject,
  name: string,
  read: (queue: JsonObject) => Omit<ConsumedQueue, keyof QueuePlace>,
): ConsumedQueue[] {
  return Object.entries(objectAt(body, name)).map(([key, value]) => {
    const place = asObject(parseLooseJson(key), `a key of ${name}`);
    return {
      topic: stringAt(place, 'topic'),
      broker: stringAt(place, 'brokerName'),
      queue: integerAt(place, 'queueId'),
      ...read(asObject(value, `${name} ${key}`)),
    };
  });
}
