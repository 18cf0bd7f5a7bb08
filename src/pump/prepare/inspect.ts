import type { ReplicationInput } from '../../replication/input.ts';
import type { LeftOut } from '../../replication/preparation.ts';
import { isRetryTopic, whyNoCopies } from '../../replication/retry-topics.ts';
import { isSystemTopic } from '../../replication/topic-pattern.ts';
import { WrongInput } from '../../replication/wrong-input.ts';
import type { Cluster, Topic, TopicConfig } from '../../transport/types.ts';
import type { ChosenTopic } from './choose-topics.ts';
import { inParallel } from './in-parallel.ts';

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
  if (from.length === 0) throw new Error(`the name servers of ${source.name} show no broker at the moment`);
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

/** What can be copied of the topics that were chosen, and what not. */
export interface Inspection {
  readonly topics: readonly InspectedTopic[];
  readonly leftOut: readonly LeftOut[];
}

/** What is known of a flow before its topics are inspected. */
export interface FlowSoFar {
  readonly mode: ReplicationInput['mode'];
  /** It copies against the direction that the input names, where topics were found. */
  readonly isWayBack: boolean;
  /** Topics in the map. */
  readonly copied: ReadonlySet<string>;
}

/**
 * A topic that the input names must be there when the replication begins. One that is gone later, or that the way back lacks, is left out like those that a
 * pattern matches: it must not keep the others from being copied.
 * @throws WrongInput naming every topic that the input names and that cannot be copied
 */
export async function inspectTopics(
  source: Cluster,
  destination: Cluster,
  chosen: readonly ChosenTopic[],
  { mode, isWayBack, copied }: FlowSoFar,
): Promise<Inspection> {
  const problems: string[] = [];
  const leftOut: LeftOut[] = [];
  const topics: InspectedTopic[] = [];
  const inspected = await inParallel(chosen, async (topic) => {
    const { name } = topic;
    const [from, to] = await Promise.all([inspectTopic(source, topic), destination.admin.topic(name)]);
    if (typeof from !== 'string') return { ...from, destination: to };
    // where topics are copied both ways the other direction creates it, and then it is found to be new
    const mayLack = copied.has(name) || isWayBack || (mode === 'two-way' && to !== undefined);
    return { reason: from, isToldOnly: mayLack && (await source.admin.topic(name)) === undefined };
  });
  for (const [index, topic] of inspected.entries()) {
    const { name, path } = chosen[index]!;
    if (!('reason' in topic)) topics.push(topic);
    else if (path !== undefined && !topic.isToldOnly) problems.push(`${path}: ${topic.reason}`);
    else leftOut.push({ topic: name, reason: topic.reason });
  }
  if (problems.length > 0) throw new WrongInput(problems);
  return { topics, leftOut };
}

/** A topic of the source, or why it cannot be copied. */
export async function inspectTopic(
  { name: cluster, admin }: Cluster,
  chosen: ChosenTopic,
): Promise<Pick<InspectedTopic, 'source' | 'config'> | string> {
  const { name } = chosen;
  const source = await admin.topic(name);
  const config = source?.brokers[0] && (await admin.topicConfig(source.brokers[0].broker, name));
  if (!source || !config) return `topic ${name} does not exist on ${cluster}; expected an existing topic`;
  return whyNot(chosen, source, config) ?? { source, config };
}

const READABLE = 4;

/** Why the topic cannot be copied; `undefined` where it can. */
export function whyNot({ name, path }: ChosenTopic, topic: Topic, { attributes }: TopicConfig): string | undefined {
  const isRetry = isRetryTopic(name);
  if (isRetry && path !== undefined)
    return `${name} is a retry topic, which travels with its group; name that in groups`;
  if (isRetry) return whyNoCopies(name);
  if (isSystemTopic(name)) return `${name} is a topic of RocketMQ itself; copying those is not available yet`;
  if (topic.brokers.some(({ perm }) => (perm & READABLE) === 0))
    return `topic ${name} cannot be read on the source (its permission lacks 4); make it readable`;
  if (attributes['cleanup.policy'] === 'COMPACTION')
    return `topic ${name} is compacted; copying compacted topics is not available yet`;
  if (attributes['message.type'] === 'LITE')
    return `topic ${name} is a lite topic; copying lite topics is not available yet`;
  return undefined;
}
