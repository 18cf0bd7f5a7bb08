import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import type { TopicSettings } from './topic-settings.ts';

export interface PutTopic extends Omit<TopicSettings, 'attributes'> {
  readonly topic: string;
  /** `undefined` removes the attribute. Attributes that are not named stay; some refuse to be set again. */
  readonly attributes: Readonly<Record<string, string | undefined>>;
}

/**
 * UPDATE_AND_CREATE_TOPIC: creates a topic on this broker or changes it. 4.4 ignores attributes and `order`.
 *
 *     fields: topic, defaultTopic (unused), readQueueNums, writeQueueNums, perm, topicFilterType, topicSysFlag, order,
 *             attributes: `+name=value,-name` -> nothing
 */
export const updateAndCreateTopic: RequestKind<PutTopic, undefined> = {
  code: 17,
  name: 'UPDATE_AND_CREATE_TOPIC',
  accepts: [SUCCESS],
  build: (put) => ({
    fields: {
      topic: put.topic,
      defaultTopic: put.topic,
      readQueueNums: put.readQueues,
      writeQueueNums: put.writeQueues,
      perm: put.perm,
      topicFilterType: put.filterType,
      topicSysFlag: put.sysFlag,
      order: put.order,
      attributes: attributeChanges(put.attributes),
    },
  }),
  read: () => undefined,
};

function attributeChanges(attributes: PutTopic['attributes']): string | undefined {
  const changes = Object.entries(attributes).map(([name, value]) =>
    value === undefined ? `-${name}` : `+${name}=${value}`,
  );
  return changes.length === 0 ? undefined : changes.join(',');
}
