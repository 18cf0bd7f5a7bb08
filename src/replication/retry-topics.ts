import { choosesGroup } from './group-choice.ts';
import { choosesTopic, type TopicChoice } from './topic-pattern.ts';

/**
 * Messages that a group has passed and not finished wait in its retry topics (KeyBuilder and MixAll in org.apache.rocketmq.common): those of push
 * consumers in `%RETRY%<group>`, those of pop consumers in `%RETRY%<group>_<topic>`, or in `%RETRY%<group>+<topic>` where the broker has
 * `enableRetryTopicV2`.
 */
const PREFIX = '%RETRY%';
/** What a broker accepts as a group. */
const LONGEST_GROUP = 120;

export function isRetryTopic(topic: string): boolean {
  return topic.startsWith(PREFIX);
}

/** Those that producers write to; nobody is to be kept from putting a message into a retry topic that failed once more. */
export function producedTopics(topics: readonly string[]): string[] {
  return topics.filter((topic) => !isRetryTopic(topic));
}

/** Where messages of these topics can wait for the group; retry topics have none. */
export function retryTopicsOf(group: string, topics: readonly string[]): string[] {
  const own = producedTopics(topics);
  return ['', ...own.map((topic) => `_${topic}`), ...own.map((topic) => `+${topic}`)].map(
    (rest) => `${PREFIX}${group}${rest}`,
  );
}

/** The group that a broker looks for when a message is sent to this retry topic: of pop's, `<group>_<topic>` is taken for its name. */
export function groupBehind(retryTopic: string): string {
  return retryTopic.slice(PREFIX.length);
}

/** Whether this is a retry topic of one of these groups; of pop consumers, for one of these topics. A name that can be read in two ways is. */
export function choosesRetryTopic(choice: TopicChoice & { readonly groups: readonly string[] }, name: string): boolean {
  if (!isRetryTopic(name)) return false;
  const rest = groupBehind(name);
  if (choosesGroup(choice.groups, rest)) return true;
  for (let at = 1; at < rest.length - 1; at++)
    if (
      (rest[at] === '_' || rest[at] === '+') &&
      choosesGroup(choice.groups, rest.slice(0, at)) &&
      choosesTopic(choice, rest.slice(at + 1))
    )
      return true;
  return false;
}

/** Why nothing can be sent to this retry topic; `undefined` where it can. Only brokers themselves write to one with a `+`. */
export function whyNoCopies(retryTopic: string): string | undefined {
  const group = groupBehind(retryTopic);
  if (retryTopic.includes('+'))
    return `brokers let nobody send to ${retryTopic}, because of the +, so what waits there for another try does not travel`;
  if (group.length > LONGEST_GROUP)
    return `brokers let nobody send to ${retryTopic}, because they take ${group.length} characters for the name of its group, so what waits there for another try does not travel`;
  return undefined;
}
