import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';

/**
 * DELETE_SUBSCRIPTIONGROUP: removes a consumer group from this broker; one that does not exist is no error. Since 4.9 its offsets go as well,
 * earlier brokers keep them.
 *
 *     fields: groupName, cleanOffset true -> nothing
 */
export const deleteSubscriptionGroup: RequestKind<string, undefined> = {
  code: 207,
  name: 'DELETE_SUBSCRIPTIONGROUP',
  accepts: [SUCCESS],
  build: (group) => ({ fields: { groupName: group, cleanOffset: true } }),
  read: () => undefined,
};
