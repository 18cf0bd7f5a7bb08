import { isOwnName } from './names.ts';
import { matches } from './topic-pattern.ts';

const SYSTEM_GROUPS = new Set([
  'DEFAULT_CONSUMER',
  'TOOLS_CONSUMER',
  'SCHEDULE_CONSUMER',
  'FILTERSRV_CONSUMER',
  '__MONITOR_CONSUMER',
  'SELF_TEST_C_GROUP',
  'CID_ONS-HTTP-PROXY',
  'CID_ONSAPI_PERMISSION',
  'CID_ONSAPI_OWNER',
  'CID_ONSAPI_PULL',
]);

/** Groups that RocketMQ made for itself (isSysConsumerGroupPullMessage of MixAll in org.apache.rocketmq.common). */
export function isSystemGroup(group: string): boolean {
  return group.startsWith('CID_RMQ_SYS_') || SYSTEM_GROUPS.has(group);
}

/** Whether a replication with these names and patterns copies this group's progress; never that of our own groups, or of RocketMQ's. */
export function choosesGroup(groups: readonly string[], name: string): boolean {
  return !isOwnName(name) && !isSystemGroup(name) && groups.some((pattern) => matches(pattern, name));
}
