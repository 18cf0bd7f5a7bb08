import type { RequestKind } from '../call.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import { SUCCESS, SYSTEM_ERROR } from '../response-codes.ts';
import { asStrings, jsonBody } from './json-body.ts';

/**
 * GET_CONSUMER_LIST_BY_GROUP: client IDs of a group's consumers that are connected to this broker. Where there are none it answers
 * SYSTEM_ERROR, "no consumer for this group" (ConsumerManageProcessor).
 *
 *     fields: consumerGroup -> { consumerIdList: [clientId] }
 */
export const getConsumerList: RequestKind<string, string[]> = {
  code: 38,
  name: 'GET_CONSUMER_LIST_BY_GROUP',
  accepts: [SUCCESS, SYSTEM_ERROR],
  build: (group) => ({ fields: { consumerGroup: group } }),
  read: (answer) => {
    if (answer.code === SUCCESS) return asStrings(jsonBody(answer).consumerIdList, 'consumerIdList');
    if (answer.remark.startsWith('no consumer for this group')) return [];
    throw new ProtocolError(`code ${answer.code}: ${answer.remark}`);
  },
};
