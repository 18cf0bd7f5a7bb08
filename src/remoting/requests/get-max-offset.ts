import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import { integerField } from './fields.ts';
import { type QueuePlace, queueFields } from './queue-place.ts';

/**
 * GET_MAX_OFFSET: the offset that the next readable message of a queue will have; 0 for a queue that does not exist.
 *
 *     fields: topic, queueId, bname -> offset
 */
export const getMaxOffset: RequestKind<QueuePlace, number> = {
  code: 30,
  name: 'GET_MAX_OFFSET',
  accepts: [SUCCESS],
  build: (place) => ({ fields: queueFields(place) }),
  read: (answer) => integerField(answer, 'offset'),
};
