import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import { asStrings, jsonBody } from './json-body.ts';

/**
 * GET_SYSTEM_TOPIC_LIST_FROM_BROKER: the topics that this broker made for itself, such as those named after it and its cluster.
 *
 *     -> { topicList: [topic] }
 */
export const getSystemTopics: RequestKind<undefined, Set<string>> = {
  code: 305,
  name: 'GET_SYSTEM_TOPIC_LIST_FROM_BROKER',
  accepts: [SUCCESS],
  build: () => ({ fields: {} }),
  read: (answer) => new Set(asStrings(jsonBody(answer).topicList, 'topicList')),
};
