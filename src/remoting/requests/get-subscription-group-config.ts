import type { RequestKind } from '../call.ts';
import { SUBSCRIPTION_GROUP_NOT_EXIST, SUCCESS } from '../response-codes.ts';

/**
 * GET_SUBSCRIPTIONGROUP_CONFIG, since 5.0 (4.x brokers never answer it): whether a consumer group exists on this broker. A broker with
 * `autoCreateSubscriptionGroup` creates it when asked.
 *
 *     fields: group -> { groupName, ... }; or 26 SUBSCRIPTION_GROUP_NOT_EXIST
 */
export const hasSubscriptionGroup: RequestKind<string, boolean> = {
  code: 352,
  name: 'GET_SUBSCRIPTIONGROUP_CONFIG',
  accepts: [SUCCESS, SUBSCRIPTION_GROUP_NOT_EXIST],
  build: (group) => ({ fields: { group } }),
  read: (answer) => answer.code === SUCCESS,
};
