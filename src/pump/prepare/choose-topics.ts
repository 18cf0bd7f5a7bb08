import type { LeftOut } from '../../../activities/types.ts';
import { choosingPattern, isPattern, matches, type TopicChoice } from '../../replication/topic-pattern.ts';
import type { Cluster } from '../../transport/types.ts';

/** A topic that a replication is to copy. */
export interface ChosenTopic {
  readonly name: string;
  /** Where the input names it, such as `topics[0]`; absent where a pattern matches it. */
  readonly path?: string;
}

/**
 * The topics that the input names, and those of the source that its patterns match. A topic that was copied before stays chosen, also
 * while it is gone from the source.
 * @param copied topics in the map
 */
export async function chooseTopics(
  source: Cluster,
  choice: TopicChoice,
  copied: Iterable<string> = [],
): Promise<ChosenTopic[]> {
  const named = new Map<string, ChosenTopic>();
  for (const [index, name] of choice.topics.entries())
    if (!isPattern(name) && !named.has(name)) named.set(name, { name, path: `topics[${index}]` });
  if (!choice.topics.some(isPattern)) return [...named.values()];
  const matched = [...new Set([...(await source.admin.topicNames()), ...copied])]
    .filter((name) => !named.has(name) && choosingPattern(choice, name) !== undefined)
    .sort();
  return [...named.values(), ...matched.map((name) => ({ name }))];
}

/** Patterns that match nothing yet: most likely a slip, perhaps a topic that is still to come. */
export function idlePatterns(source: Cluster, { topics }: TopicChoice, chosen: readonly ChosenTopic[]): LeftOut[] {
  return topics
    .filter((pattern) => isPattern(pattern) && !chosen.some(({ name, path }) => !path && matches(pattern, name)))
    .map((topic) => ({ topic, reason: `no topic of ${source.name} matches ${topic} so far` }));
}
