import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import { integerField } from './fields.ts';
import { type QueuePlace, queueFields } from './queue-place.ts';

/**
 * GET_MIN_OFFSET: the offset of a queue's oldest message; some servers say -1 for a queue that does not exist, read as 0.
 *
 *     fields: topic, queueId, bname -> offset
 */
export const getMinOffset: RequestKind<QueuePlace, number> = {
  code: 31,
  name: 'GET_MIN_OFFSET',
  accepts: [SUCCESS],
  build: (place) => ({ fields: queueFields(place) }),
  read: (answer) => Math.max(0, integerField(answer, 'offset')),
};
