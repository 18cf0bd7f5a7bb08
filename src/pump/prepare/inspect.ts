import { WrongInput } from '../../replication/wrong-input.ts';
import type { Cluster, Topic, TopicConfig } from '../../transport/types.ts';

/** What was found out about one topic before anything is changed. */
export interface InspectedTopic {
  readonly source: Topic;
  /** Of the source's first broker: what the destination's topic is created like. */
  readonly config: TopicConfig;
  readonly destination: Topic | undefined;
}

/** The destination's brokers that have a master, sorted by name. @throws WrongInput when both are the same cluster */
export async function inspectClusters(source: Cluster, destination: Cluster): Promise<string[]> {
  const [from, to] = await Promise.all([source.admin.brokers(), destination.admin.brokers()]);
  const masters = new Map(from.map(({ master, name }) => [master, name]));
  for (const { master, name } of to)
    if (master !== undefined && masters.has(master))
      throw new WrongInput([
        `destination: ${destination.name} is the same cluster as the source ${source.name}: ` +
          `broker ${name} at ${master} belongs to both; expected another cluster`,
      ]);
  const writable = to.filter(({ master }) => master !== undefined).map(({ name }) => name);
  if (writable.length === 0) throw new Error(`cluster ${destination.name} has no broker with a master at the moment`);
  return writable.sort();
}

/** @throws WrongInput naming every topic that cannot be copied */
export async function inspectTopics(
  source: Cluster,
  destination: Cluster,
  topics: readonly string[],
): Promise<InspectedTopic[]> {
  const problems: string[] = [];
  const inspected: InspectedTopic[] = [];
  for (const [index, name] of topics.entries()) {
    const [from, to] = await Promise.all([source.admin.topic(name), destination.admin.topic(name)]);
    const config = from?.brokers[0] && (await source.admin.topicConfig(from.brokers[0].broker, name));
    if (from && config && !whyNot(name, from, config)) inspected.push({ source: from, config, destination: to });
    else
      problems.push(
        `topics[${index}]: ${from && config ? whyNot(name, from, config)! : `topic ${name} does not exist on ${source.name}; expected an existing topic`}`,
      );
  }
  if (problems.length > 0) throw new WrongInput(problems);
  return inspected;
}

const READABLE = 4;
const SYSTEM_TOPIC = /^(rmq_sys_|RMQ_SYS_|%RETRY%|%DLQ%|SCHEDULE_TOPIC_XXXX$|TBW102$)/;

function whyNot(name: string, topic: Topic, { attributes }: TopicConfig): string | undefined {
  if (SYSTEM_TOPIC.test(name)) return `${name} is a topic of RocketMQ itself; copying those is not available yet`;
  if (topic.brokers.some(({ perm }) => (perm & READABLE) === 0))
    return `topic ${name} cannot be read on the source (its permission lacks 4); make it readable`;
  if (attributes['cleanup.policy'] === 'COMPACTION')
    return `topic ${name} is compacted; copying compacted topics is not available yet`;
  if (attributes['message.type'] === 'LITE')
    return `topic ${name} is a lite topic; copying lite topics is not available yet`;
  return undefined;
}
