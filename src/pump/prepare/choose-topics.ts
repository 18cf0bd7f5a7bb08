import type { LeftOut } from '../../replication/preparation.ts';
import { choosingPattern, isPattern, matches, type TopicChoice } from '../../replication/topic-pattern.ts';
import { choosesRetryTopic, isRetryTopic } from '../../replication/retry-topics.ts';
import type { Cluster } from '../../transport/types.ts';

/** A topic that a replication is to copy. */
export interface ChosenTopic {
  readonly name: string;
  /** Where the input names it, such as `topics[0]`; absent where a pattern matches it. */
  readonly path?: string;
}

/** Topics, and groups whose retry topics travel with them. */
type Choice = TopicChoice & { readonly groups?: readonly string[] };

/**
 * The topics that the input names, those of the source that its patterns match, and the retry topics of its groups. A topic that was copied before
 * stays chosen, also while it is gone from the source; a retry topic also when its group is not chosen any more.
 * @param copied topics in the map
 */
export async function chooseTopics(
  source: Cluster,
  { groups = [], ...choice }: Choice,
  copied: Iterable<string> = [],
): Promise<ChosenTopic[]> {
  const named = new Map<string, ChosenTopic>();
  for (const [index, name] of choice.topics.entries())
    if (!isPattern(name) && !named.has(name)) named.set(name, { name, path: `topics[${index}]` });
  const kept = new Set([...copied].filter(isRetryTopic));
  const isOpen = choice.topics.some(isPattern) || groups.length > 0;
  const matched = [...new Set([...(isOpen ? await source.admin.topicNames() : []), ...copied])]
    .filter(
      (name) =>
        !named.has(name) &&
        (choosingPattern(choice, name) !== undefined ||
          choosesRetryTopic({ ...choice, groups }, name) ||
          kept.has(name)),
    )
    .sort();
  return [...named.values(), ...matched.map((name) => ({ name }))];
}

/** Patterns that match nothing yet: most likely a slip, perhaps a topic that is still to come. */
export function idlePatterns(source: Cluster, { topics }: TopicChoice, chosen: readonly ChosenTopic[]): LeftOut[] {
  return topics
    .filter(
      (pattern) =>
        isPattern(pattern) && !chosen.some(({ name, path }) => !path && !isRetryTopic(name) && matches(pattern, name)),
    )
    .map((topic) => ({ topic, reason: `no topic of ${source.name} matches ${topic} so far` }));
}
