import { QUARANTINE_TOPIC } from '../../replication/names.ts';
import type { QueueRange } from '../../replication/queue-map.ts';
import type { ClusterAdmin } from '../../transport/types.ts';

/** One queue: entries of one broker are read together, and are few. */
const CONFIG = { readQueues: 1, writeQueues: 1, perm: 6, order: false, attributes: {} };

/** Creates the quarantine on each broker to which the map leads, where it is missing. */
export async function createQuarantine(admin: ClusterAdmin, map: readonly QueueRange[]): Promise<void> {
  for (const broker of new Set(map.map(({ to }) => to.broker)))
    if (!(await admin.topicConfig(broker, QUARANTINE_TOPIC))) await admin.putTopic(broker, QUARANTINE_TOPIC, CONFIG);
}
