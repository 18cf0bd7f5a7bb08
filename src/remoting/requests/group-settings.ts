import type { JsonObject } from './json-body.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';

/**
 * A consumer group's settings on one broker (SubscriptionGroupConfig in org.apache.rocketmq.common). Whatever a broker tells of them is kept
 * as it is, because newer brokers have more.
 */
export interface GroupSettings extends JsonObject {
  readonly groupName: string;
  /** Where false, the broker refuses the group's pulls and pops (16); its offsets can still be read and committed. */
  readonly consumeEnable: boolean;
}

export function readGroupSettings(config: JsonObject): GroupSettings {
  const { groupName, consumeEnable } = config;
  if (typeof groupName !== 'string' || typeof consumeEnable !== 'boolean')
    throw new ProtocolError(`a consumer group without groupName and consumeEnable: ${JSON.stringify(config)}`);
  return { ...config, groupName, consumeEnable };
}
