import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import type { GroupQueue } from './query-consumer-offset.ts';
import { queueFields } from './queue-place.ts';

export interface CommitOffset extends GroupQueue {
  /** The next offset to read. */
  readonly offset: number;
}

/**
 * UPDATE_CONSUMER_OFFSET: sets a group's offset. The broker takes any number, keeps it in memory and flushes it every 5 s. 5.x refuses
 * an unknown group (26) or topic (17).
 *
 *     fields: consumerGroup, topic, queueId, bname, commitOffset -> nothing
 */
export const updateConsumerOffset: RequestKind<CommitOffset, undefined> = {
  code: 15,
  name: 'UPDATE_CONSUMER_OFFSET',
  accepts: [SUCCESS],
  build: (commit) => ({
    fields: { consumerGroup: commit.group, ...queueFields(commit), commitOffset: commit.offset },
  }),
  read: () => undefined,
};
