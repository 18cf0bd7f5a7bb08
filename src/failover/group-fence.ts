import type { GroupSwitch } from '../replication/failover/settings.ts';
import type { ClusterAdmin } from '../transport/types.ts';

/** As it is on each broker with a master. @throws Error for a group that no broker has */
export async function readSwitches(admin: ClusterAdmin, groups: readonly string[]): Promise<GroupSwitch[]> {
  const brokers = (await admin.brokers()).filter(({ master }) => master !== undefined);
  const switches: GroupSwitch[] = [];
  for (const group of groups) {
    const found = switches.length;
    for (const { name: broker } of brokers) {
      const config = await admin.groupConfig(broker, group);
      if (config) switches.push({ group, broker, consumeEnable: config.consumeEnable });
    }
    if (switches.length === found) throw new Error(`no broker has the consumer group ${group}`);
  }
  return switches;
}

/** Switches each group and reads it back. Where it is disabled, the broker refuses its pulls and pops at once; its commits still count. */
export async function putSwitches(admin: ClusterAdmin, switches: readonly GroupSwitch[]): Promise<void> {
  for (const { group, broker, consumeEnable } of switches) {
    const config = await admin.groupConfig(broker, group);
    if (!config) throw new Error(`broker ${broker} has no consumer group ${group}`);
    if (config.consumeEnable === consumeEnable) continue;
    await admin.putGroup(broker, { ...config, consumeEnable });
    const found = await admin.groupConfig(broker, group);
    if (found?.consumeEnable !== consumeEnable)
      throw new Error(
        `group ${group} on broker ${broker}: consumeEnable was set to ${consumeEnable}, but reads ${found?.consumeEnable}`,
      );
  }
}
