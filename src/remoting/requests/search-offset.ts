import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import { integerField } from './fields.ts';
import { type QueuePlace, queueFields } from './queue-place.ts';

export interface SearchOffset extends QueuePlace {
  /** ms since 1970 */
  readonly timestamp: number;
}

/**
 * SEARCH_OFFSET_BY_TIMESTAMP: a message stored about this time. 5.x answers with the first one stored at or after it; 4.x with the
 * nearest one, which may be older, and with any one of several of the same ms.
 *
 *     fields: topic, queueId, bname, timestamp -> offset
 */
export const searchOffset: RequestKind<SearchOffset, number> = {
  code: 29,
  name: 'SEARCH_OFFSET_BY_TIMESTAMP',
  accepts: [SUCCESS],
  build: (search) => ({ fields: { ...queueFields(search), timestamp: search.timestamp } }),
  read: (answer) => Math.max(0, integerField(answer, 'offset')),
};
