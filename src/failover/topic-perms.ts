import type { TopicPerm } from '../replication/failover/settings.ts';
import type { ClusterAdmin, Topic } from '../transport/types.ts';

export async function readPerms(admin: ClusterAdmin, topics: readonly string[]): Promise<TopicPerm[]> {
  const perms = await Promise.all(
    topics.map(async (name) => {
      const { brokers } = await routeOf(admin, name);
      return await Promise.all(
        brokers.map(async ({ broker }) => ({ topic: name, broker, perm: (await configOf(admin, broker, name)).perm })),
      );
    }),
  );
  return perms.flat();
}

/** Gives each topic this permission, reads it back, and answers with those that had another one. */
export async function putPerms(admin: ClusterAdmin, perms: readonly TopicPerm[]): Promise<TopicPerm[]> {
  const changed: TopicPerm[] = [];
  for (const place of perms) {
    const { topic, broker, perm } = place;
    const config = await configOf(admin, broker, topic);
    if (config.perm === perm) continue;
    await admin.putTopic(broker, topic, { ...config, perm });
    const found = await configOf(admin, broker, topic);
    if (found.perm !== perm)
      throw new Error(`topic ${topic} on broker ${broker}: its permission was set to ${perm}, but reads ${found.perm}`);
    changed.push(place);
  }
  return changed;
}

export async function routeOf(admin: ClusterAdmin, name: string): Promise<Topic> {
  const topic = await admin.topic(name);
  if (!topic) throw new Error(`the name servers know no topic ${name}`);
  return topic;
}

async function configOf(admin: ClusterAdmin, broker: string, topic: string) {
  const config = await admin.topicConfig(broker, topic);
  if (!config) throw new Error(`broker ${broker} has no topic ${topic}`);
  return config;
}

/** Brokers of these topics, each once. @throws Error for a topic that the name servers do not know */
export async function brokersOf(admin: ClusterAdmin, topics: readonly string[]): Promise<string[]> {
  const routes = await Promise.all(topics.map((topic) => routeOf(admin, topic)));
  return [...new Set(routes.flatMap(({ brokers }) => brokers.map(({ broker }) => broker)))].sort();
}
