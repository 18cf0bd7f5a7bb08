import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import { asObject, integerAt, jsonBody, objectAt } from './json-body.ts';

/** What one group has committed for the queues of one topic on this broker. */
export interface CommittedOffsets {
  readonly group: string;
  readonly topic: string;
  /** Next offset to read, by queue. */
  readonly offsets: ReadonlyMap<number, number>;
}

/**
 * GET_ALL_CONSUMER_OFFSET: the committed offsets of every group on this broker, its own ones included. Brokers of any version write the queues
 * as keys without quotes.
 *
 *     -> { offsetTable: { "topic@group": { 0: 12, 1: 3 } } }
 */
export const getAllConsumerOffsets: RequestKind<undefined, CommittedOffsets[]> = {
  code: 43,
  name: 'GET_ALL_CONSUMER_OFFSET',
  accepts: [SUCCESS],
  build: () => ({ fields: {} }),
  read: (answer) => {
    const all: CommittedOffsets[] = [];
    for (const [key, value] of Object.entries(objectAt(jsonBody(answer), 'offsetTable'))) {
      // names hold no @; a key with another number of parts is none that a broker looks at either
      const [topic, group, ...more] = key.split('@');
      if (topic === undefined || group === undefined || more.length > 0) continue;
      const queues = asObject(value, `offsetTable of ${key}`);
      const offsets = new Map(Object.keys(queues).map((queue) => [Number(queue), integerAt(queues, queue)]));
      all.push({ group, topic, offsets });
    }
    return all;
  },
};
