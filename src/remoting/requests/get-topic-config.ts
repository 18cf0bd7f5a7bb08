import type { RequestKind } from '../call.ts';
import { SUCCESS, TOPIC_NOT_EXIST } from '../response-codes.ts';
import { jsonBody } from './json-body.ts';
import { type TopicSettings, readTopicSettings } from './topic-settings.ts';

/**
 * GET_TOPIC_CONFIG, since 5.0 (4.x brokers never answer it): a topic's configuration on this broker, `undefined` where it has none.
 *
 *     fields: topic -> { topicName, readQueueNums, writeQueueNums, perm, order, topicFilterType, topicSysFlag, attributes }; or 17
 */
export const getTopicConfig: RequestKind<string, TopicSettings | undefined> = {
  code: 351,
  name: 'GET_TOPIC_CONFIG',
  accepts: [SUCCESS, TOPIC_NOT_EXIST],
  build: (topic) => ({ fields: { topic } }),
  read: (answer) => (answer.code === TOPIC_NOT_EXIST ? undefined : readTopicSettings(jsonBody(answer))),
};
