import { flowGroup } from '../replication/names.ts';
import type { Cluster } from '../transport/types.ts';

/**
 * Removes what a flow that is not to be started again leaves in RocketMQ: its consumer group with both checkpoints. No pump may be at work. Copies
 * stay, and so does what they say: a new start goes on behind them, and begins from `start` where there are none. Locks need nothing: pumps gave
 * theirs back, a dead one's lapse within 60 s. What the journal keeps is another's work (`forgetFlow`). Idempotent.
 * @param topics of which the flow copied queues
 * @throws TransportError
 */
export async function retireFlow(
  replication: string,
  source: Cluster,
  destination: Cluster,
  topics: readonly string[],
): Promise<void> {
  const group = flowGroup({ replication, source: source.name, destination: destination.name });
  await Promise.all([source.admin.deleteGroup(group, topics), destination.admin.deleteGroup(group, topics)]);
}
