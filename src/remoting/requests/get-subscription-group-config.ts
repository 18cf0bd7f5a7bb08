import type { RequestKind } from '../call.ts';
import { SUBSCRIPTION_GROUP_NOT_EXIST, SUCCESS } from '../response-codes.ts';
import { type GroupSettings, readGroupSettings } from './group-settings.ts';
import { jsonBody } from './json-body.ts';

/**
 * GET_SUBSCRIPTIONGROUP_CONFIG, since 5.0 (4.x brokers never answer it): a consumer group's settings on this broker, `undefined` where it does
 * not exist. A broker with `autoCreateSubscriptionGroup` creates it when asked.
 *
 *     fields: group -> { groupName, consumeEnable, ... }; or 26 SUBSCRIPTION_GROUP_NOT_EXIST
 */
export const getSubscriptionGroup: RequestKind<string, GroupSettings | undefined> = {
  code: 352,
  name: 'GET_SUBSCRIPTIONGROUP_CONFIG',
  accepts: [SUCCESS, SUBSCRIPTION_GROUP_NOT_EXIST],
  build: (group) => ({ fields: { group } }),
  read: (answer) => (answer.code === SUCCESS ? readGroupSettings(jsonBody(answer)) : undefined),
};
