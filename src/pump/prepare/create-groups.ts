import { groupBehind, isRetryTopic } from '../../replication/retry-topics.ts';
import { groupsByBroker } from '../../transport/masters.ts';
import type { Cluster } from '../../transport/types.ts';

/**
 * A broker takes a message for a retry topic only where it knows the group. So the groups of these topics are created on the destination's brokers that lack
 * them, with the source's settings: disabled, because nobody may consume copies yet, but enabled where the group is enabled on another broker there already.
 * A broker that has the group keeps it as it is.
 */
export async function createRetryGroups(
  source: Cluster,
  destination: Cluster,
  topics: readonly string[],
): Promise<void> {
  const groups = new Set(topics.filter(isRetryTopic).map(groupBehind));
  if (groups.size === 0) return;
  const [onSource, there] = await Promise.all([groupsByBroker(source.admin), groupsByBroker(destination.admin)]);
  for (const groupName of groups) {
    const like = [...onSource.values()].map((table) => table.get(groupName)).find((config) => config !== undefined);
    // a broker that joins the cluster gets the group as the others have it
    const consumeEnable = [...there.values()].some((table) => table.get(groupName)?.consumeEnable);
    for (const [broker, table] of there)
      if (!table.has(groupName)) await destination.admin.putGroup(broker, { ...like, groupName, consumeEnable });
  }
}
