import type { RequestKind } from '../call.ts';
import { SUCCESS } from '../response-codes.ts';
import { type GroupSettings, readGroupSettings } from './group-settings.ts';
import { asObject, jsonBody, objectAt } from './json-body.ts';

/**
 * GET_ALL_SUBSCRIPTIONGROUP_CONFIG: the settings of all consumer groups on this broker, by name.
 *
 *     -> { subscriptionGroupTable: { group: { groupName, consumeEnable, ... } } }
 */
export const getAllSubscriptionGroups: RequestKind<undefined, Map<string, GroupSettings>> = {
  code: 201,
  name: 'GET_ALL_SUBSCRIPTIONGROUP_CONFIG',
  accepts: [SUCCESS],
  build: () => ({ fields: {} }),
  read: (answer) =>
    new Map(
      Object.entries(objectAt(jsonBody(answer), 'subscriptionGroupTable')).map(([name, config]) => [
        name,
        readGroupSettings(asObject(config, `group ${name}`)),
      ]),
    ),
};
