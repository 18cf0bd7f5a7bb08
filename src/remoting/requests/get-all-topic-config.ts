import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import { asObject, jsonBody, objectAt } from './json-body.ts';
import { type TopicSettings, readTopicSettings } from './topic-settings.ts';

/**
 * GET_ALL_TOPIC_CONFIG: every topic's configuration on this broker, by name.
 *
 *     -> { topicConfigTable: { topic: { readQueueNums, writeQueueNums, perm, order, topicFilterType, topicSysFlag } } }
 */
export const getAllTopicConfig: RequestKind<undefined, Map<string, TopicSettings>> = {
  code: 21,
  name: 'GET_ALL_TOPIC_CONFIG',
  accepts: [SUCCESS],
  build: () => ({ fields: {} }),
  read: (answer) =>
    new Map(
      Object.entries(objectAt(jsonBody(answer), 'topicConfigTable')).map(([topic, config]) => [
        topic,
        readTopicSettings(asObject(config, `topic ${topic}`)),
      ]),
    ),
};
