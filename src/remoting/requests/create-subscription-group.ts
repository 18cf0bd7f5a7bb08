import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';

/**
 * UPDATE_AND_CREATE_SUBSCRIPTIONGROUP with a broker's defaults: creates a consumer group. It would set an existing group back to them.
 *
 *     body: SubscriptionGroupConfig as JSON -> nothing
 */
export const createSubscriptionGroup: RequestKind<string, undefined> = {
  code: 200,
  name: 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP',
  accepts: [SUCCESS],
  build: (group) => ({
    fields: {},
    body: [
      Buffer.from(
        JSON.stringify({
          groupName: group,
          consumeEnable: true,
          consumeFromMinEnable: true,
          consumeBroadcastEnable: true,
          retryQueueNums: 1,
          retryMaxTimes: 16,
          brokerId: 0,
          whichBrokerWhenConsumeSlowly: 1,
          notifyConsumerIdsChangedEnable: true,
        }),
      ),
    ],
  }),
  read: () => undefined,
};
