import type { ClusterAdmin, Topic } from '../../transport/types.ts';
import { pause } from '../time.ts';
import type { InspectedTopic } from './inspect.ts';
import type { TopicPlan } from './topic-plan.ts';

const ROUTE_WAIT_MS = 30_000;
const READ_AND_WRITE = 6;

/** Creates or widens the topic on the brokers that lack queues, and waits until the name servers say so. */
export async function createTopic(
  admin: ClusterAdmin,
  { config, destination }: InspectedTopic,
  plan: TopicPlan,
  signal: AbortSignal,
): Promise<void> {
  const lacking = plan.destination.filter(({ broker, readQueues, writeQueues }) => {
    const now = destination?.brokers.find((entry) => entry.broker === broker);
    return !now || now.readQueues < readQueues || now.writeQueues < writeQueues;
  });
  if (lacking.length === 0) return;
  for (const { broker, readQueues, writeQueues } of lacking) {
    const now = await admin.topicConfig(broker, plan.topic);
    // a broker keeps the attributes that it is not told to change, and refuses to be told some again
    const like = now ? { ...now, attributes: {} } : { ...config, perm: config.perm | READ_AND_WRITE };
    await admin.putTopic(broker, plan.topic, {
      ...like,
      readQueues: Math.max(readQueues, now?.readQueues ?? 0),
      writeQueues: Math.max(writeQueues, now?.writeQueues ?? 0),
    });
  }
  await routed(admin, plan, signal);
}

async function routed(admin: ClusterAdmin, plan: TopicPlan, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + ROUTE_WAIT_MS;
  while (!shows(await admin.topic(plan.topic), plan)) {
    if (performance.now() > deadline)
      throw new Error(
        `the name servers do not show the queues of topic ${plan.topic} ${ROUTE_WAIT_MS} ms after they were created`,
      );
    await pause(100, signal);
    signal.throwIfAborted();
  }
}

function shows(topic: Topic | undefined, plan: TopicPlan): boolean {
  return plan.destination.every(({ broker, readQueues, writeQueues }) => {
    const now = topic?.brokers.find((entry) => entry.broker === broker);
    return now !== undefined && now.readQueues >= readQueues && now.writeQueues >= writeQueues;
  });
}
