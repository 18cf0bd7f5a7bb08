import { inParallel } from '../pump/prepare/in-parallel.ts';
import { switched, type GroupSwitch } from '../replication/failover/settings.ts';
import { groupsByBroker } from '../transport/masters.ts';
import type { ClusterAdmin } from '../transport/types.ts';

/** As each group is on each broker with a master; none for a group that no broker has. */
export async function readSwitches(admin: ClusterAdmin, groups: readonly string[]): Promise<GroupSwitch[]> {
  const tables = [...(await groupsByBroker(admin))];
  return groups.flatMap((group) =>
    tables.flatMap(([broker, table]) => {
      const config = table.get(group);
      return config ? [{ group, broker, consumeEnable: config.consumeEnable }] : [];
    }),
  );
}

/** Switches each group and reads it back. Where it is disabled, the broker refuses its pulls and pops at once; its commits still count. */
export async function putSwitches(admin: ClusterAdmin, switches: readonly GroupSwitch[]): Promise<void> {
  await inParallel(switches, async ({ group, broker, consumeEnable }) => {
    const config = await admin.groupConfig(broker, group);
    if (!config) throw new Error(`broker ${broker} has no consumer group ${group}`);
    if (config.consumeEnable === consumeEnable) return;
    await admin.putGroup(broker, { ...config, consumeEnable });
    const found = await admin.groupConfig(broker, group);
    if (found?.consumeEnable !== consumeEnable)
      throw new Error(
        `group ${group} on broker ${broker}: consumeEnable was set to ${consumeEnable}, but reads ${found?.consumeEnable}`,
      );
  });
}

/** Enables groups on every broker that has them, and answers with those that none has. */
export async function enableGroups(admin: ClusterAdmin, groups: readonly string[]): Promise<string[]> {
  const switches = await readSwitches(admin, groups);
  await putSwitches(admin, switched(switches, true));
  return groups.filter((name) => switches.every(({ group }) => group !== name));
}
