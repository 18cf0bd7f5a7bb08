import type { TopicPlace } from '../replication/queue-map.ts';
import { mastersOf } from '../transport/masters.ts';
import type { Cluster, ClusterAdmin } from '../transport/types.ts';

export interface TopicsOn {
  readonly present: readonly string[];
  /** Deleted there. */
  readonly gone: readonly string[];
}

/**
 * Which of these topics a cluster still has. One is gone when the name servers do not know it and no broker has it, neither one that is registered nor one
 * that had it (`known`): what is stored on a broker that is away for a while must not be forgotten.
 * @throws TransportError where one of these does not answer; Error where one has the topic, which is only not registered yet
 */
export async function topicsOn(
  admin: ClusterAdmin,
  topics: readonly string[],
  known: readonly TopicPlace[],
): Promise<TopicsOn> {
  const routes = await Promise.all(topics.map((topic) => admin.topic(topic)));
  const gone = topics.filter((_, index) => routes[index] === undefined);
  if (gone.length === 0) return { present: topics, gone };
  const masters = await mastersOf(admin);
  for (const topic of gone) {
    const had = known.filter((place) => place.topic === topic).map(({ broker }) => broker);
    for (const broker of new Set([...had, ...masters]))
      if (await admin.topicConfig(broker, topic))
        throw new Error(`broker ${broker} has topic ${topic}, and the name servers do not know it yet; try again`);
  }
  return { present: topics.filter((topic) => !gone.includes(topic)), gone };
}

export function goneText(topic: string, { name }: Cluster): string {
  return `topic ${topic} is not on ${name} any more: nothing of it moves`;
}
