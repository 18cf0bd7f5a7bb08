import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import type { GroupSettings } from './group-settings.ts';

/** As brokers create groups. */
export function defaultGroupSettings(group: string): GroupSettings {
  return {
    groupName: group,
    consumeEnable: true,
    consumeFromMinEnable: true,
    consumeBroadcastEnable: true,
    retryQueueNums: 1,
    retryMaxTimes: 16,
    brokerId: 0,
    whichBrokerWhenConsumeSlowly: 1,
    notifyConsumerIdsChangedEnable: true,
  };
}

/**
 * UPDATE_AND_CREATE_SUBSCRIPTIONGROUP: creates a consumer group on this broker or changes it. What is left out is set to its default, but for
 * `attributes`: those are changes (`+name` -> value, `-name` -> '').
 *
 *     body: SubscriptionGroupConfig as JSON -> nothing
 */
export const updateAndCreateSubscriptionGroup: RequestKind<GroupSettings, undefined> = {
  code: 200,
  name: 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP',
  accepts: [SUCCESS],
  build: (settings) => ({ fields: {}, body: [Buffer.from(JSON.stringify(settings))] }),
  read: () => undefined,
};
