import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import { jsonBody, objectAt } from './json-body.ts';

/**
 * GET_ALL_SUBSCRIPTIONGROUP_CONFIG: the names of all consumer groups on this broker.
 *
 *     -> { subscriptionGroupTable: { group: { groupName, ... } } }
 */
export const getAllSubscriptionGroups: RequestKind<undefined, Set<string>> = {
  code: 201,
  name: 'GET_ALL_SUBSCRIPTIONGROUP_CONFIG',
  accepts: [SUCCESS],
  build: () => ({ fields: {} }),
  read: (answer) => new Set(Object.keys(objectAt(jsonBody(answer), 'subscriptionGroupTable'))),
};
