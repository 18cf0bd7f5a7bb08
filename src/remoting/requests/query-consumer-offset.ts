import type { RequestKind } from '../call.ts';
import { QUERY_NOT_FOUND, SUCCESS } from '../response-codes.ts';
import { integerField } from './fields.ts';
import { type QueuePlace, queueFields } from './queue-place.ts';

export interface GroupQueue extends QueuePlace {
  readonly group: string;
}

/**
 * QUERY_CONSUMER_OFFSET: a group's committed offset, `undefined` where none was ever committed.
 *
 * Since 5.0 a broker says so when asked not to make up a zero (`setZeroIfNotFound=false`). A 4.x broker ignores that field and
 * answers 0 for a queue whose oldest message is number 0 and still in memory (ConsumerManageProcessor): from such a broker 0 may
 * mean "never committed".
 *
 *     fields: consumerGroup, topic, queueId, bname, setZeroIfNotFound -> offset; or 22 QUERY_NOT_FOUND
 */
export const queryConsumerOffset: RequestKind<GroupQueue, number | undefined> = {
  code: 14,
  name: 'QUERY_CONSUMER_OFFSET',
  accepts: [SUCCESS, QUERY_NOT_FOUND],
  build: (asked) => ({ fields: { consumerGroup: asked.group, ...queueFields(asked), setZeroIfNotFound: false } }),
  read: (answer) => (answer.code === QUERY_NOT_FOUND ? undefined : integerField(answer, 'offset')),
};
