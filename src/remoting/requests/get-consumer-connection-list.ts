import type { RequestKind } from '../call.ts';
import { CONSUMER_NOT_ONLINE, SUCCESS } from '../response-codes.ts';
import { jsonBody, objectAt, objectsAt, stringAt } from './json-body.ts';

/** A group's consumers that are connected to a broker. */
export interface ConsumerConnections {
  readonly clients: readonly { readonly clientId: string; readonly address: string }[];
  /** `CLUSTERING` or `BROADCASTING`. */
  readonly messageModel: string;
  /** Topics that they subscribe to, `%RETRY%` topics of push consumers included. */
  readonly topics: readonly string[];
}

/**
 * GET_CONSUMER_CONNECTION_LIST: who consumes as this group over this broker; `undefined` where nobody does.
 *
 *     fields: consumerGroup -> { connectionSet: [{ clientId, clientAddr }], messageModel, subscriptionTable: { topic: {} } }; or 206 CONSUMER_NOT_ONLINE
 */
export const getConsumerConnections: RequestKind<string, ConsumerConnections | undefined> = {
  code: 203,
  name: 'GET_CONSUMER_CONNECTION_LIST',
  accepts: [SUCCESS, CONSUMER_NOT_ONLINE],
  build: (group) => ({ fields: { consumerGroup: group } }),
  read: (answer) => {
    if (answer.code === CONSUMER_NOT_ONLINE) return undefined;
    const body = jsonBody(answer);
    return {
      clients: objectsAt(body, 'connectionSet').map((client) => ({
        clientId: stringAt(client, 'clientId'),
        address: stringAt(client, 'clientAddr'),
      })),
      messageModel: stringAt(body, 'messageModel'),
      topics: Object.keys(objectAt(body, 'subscriptionTable')),
    };
  },
};
