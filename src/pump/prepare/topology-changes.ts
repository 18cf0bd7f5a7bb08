import { mappedQueues, sourceKey } from '../../replication/queue-map.ts';
import type { WatchInput } from '../../replication/topology.ts';
import type { Cluster } from '../../transport/types.ts';
import { chooseTopics, type ChosenTopic } from './choose-topics.ts';
import { inParallel } from './in-parallel.ts';
import { inspectTopic } from './inspect.ts';
import { queuePlaces } from './topic-plan.ts';

/** So many topics that are left out are remembered and shown. */
export const MOST_LEFT_OUT = 50;

/**
 * What `prepare` would add to the map, or to what is left out: a sentence each. Reads the source only.
 * @throws TransportError
 */
export async function topologyChanges(
  source: Cluster,
  { input, map, leftOut }: Pick<WatchInput, 'input' | 'map' | 'leftOut'>,
): Promise<string[]> {
  const copied = new Set(map.map(({ topic }) => topic));
  const keys = new Set([...mappedQueues(map)].map(sourceKey));
  const chosen = await chooseTopics(source, input);
  const changes = await inParallel(chosen, async (topic): Promise<string | undefined> => {
    const { name } = topic;
    if (!copied.has(name)) return await newTopic(source, topic, leftOut);
    const places = queuePlaces((await source.admin.topic(name))?.brokers ?? []);
    const added = places.filter((from) => !keys.has(sourceKey({ topic: name, from })));
    return added.length > 0 ? `topic ${name} has ${added.length} new queues` : undefined;
  });
  return changes.filter((change) => change !== undefined);
}

async function newTopic(source: Cluster, topic: ChosenTopic, leftOut: readonly string[]): Promise<string | undefined> {
  const { name } = topic;
  const inspected = await inspectTopic(source, topic);
  if (typeof inspected !== 'string')
    return `topic ${name} is new, with ${queuePlaces(inspected.source.brokers).length} queues`;
  return leftOut.includes(name) || leftOut.length >= MOST_LEFT_OUT
    ? undefined
    : `topic ${name} is left out: ${inspected}`;
}
