import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../pump/prepare/in-parallel.ts';
import type { Cut, TopicEnd } from '../replication/failover/settings.ts';
import { queuesOf } from '../transport/topic-queues.ts';
import type { Cluster, ClusterAdmin } from '../transport/types.ts';
import { brokersOf, routeOf } from './topic-perms.ts';

/** A send that a broker had let in before its fence may be stored a little later. ms */
const QUIET_MS = 300;
/** What fires or commits on the broker itself keeps some topics moving for ever. */
const MOST_READINGS = 5;

/**
 * The maximum offsets of what the brokers have stored, seen twice in a row with nothing new in between, or after a few seconds of a topic that
 * the broker itself writes to: what comes behind the cut then is a late arrival.
 * @throws TransportError
 */
export async function takeCut(cluster: Cluster, topics: readonly string[]): Promise<Cut> {
  let cut = await readDispatchedEnds(cluster, topics);
  for (let reading = 2; reading <= MOST_READINGS; reading++) {
    await sleep(QUIET_MS);
    const next = await readDispatchedEnds(cluster, topics);
    if (JSON.stringify(next) === JSON.stringify(cut)) break;
    cut = next;
  }
  return cut;
}

/** Past the barrier: everything that was stored at the call can be read and counts. */
async function readDispatchedEnds(cluster: Cluster, topics: readonly string[]): Promise<Cut> {
  const brokers = await brokersOf(cluster.admin, topics);
  const barrier = cluster.openDestination();
  try {
    await Promise.all(brokers.map((broker) => barrier.dispatched(broker)));
  } finally {
    barrier.close();
  }
  return await readEnds(cluster, topics);
}

/** As far as the queues can be read now. */
export async function readEnds({ admin }: Cluster, topics: readonly string[]): Promise<Cut> {
  const routes = await Promise.all(topics.map((topic) => routeOf(admin, topic)));
  const onBrokers = routes.flatMap(({ name, brokers }) => brokers.map((one) => ({ name, brokers: [one] })));
  const ends = onBrokers.map(async (topic): Promise<TopicEnd> => {
    const ranges = await inParallel(queuesOf(topic), (queue) => admin.range(queue));
    return { topic: topic.name, broker: topic.brokers[0]!.broker, ends: ranges.map(({ max }) => max) };
  });
  return await Promise.all(ends);
}

/** How many messages below the cut a flow has not copied yet, by the checkpoints that its pumps commit each second. */
export async function behindCut(admin: ClusterAdmin, flowGroup: string, cut: Cut): Promise<number> {
  const queues = cut.flatMap(({ topic, broker, ends }) =>
    ends.map((end, id) => ({ queue: { topic, broker, id }, end })),
  );
  const missing = await inParallel(queues, async ({ queue, end }) =>
    end === 0 ? 0 : Math.max(0, end - ((await admin.committed(flowGroup, queue)) ?? 0)),
  );
  return missing.reduce((sum, count) => sum + count, 0);
}
