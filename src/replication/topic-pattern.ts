import { isOwnName } from './names.ts';

/** Which topics a replication copies: names, and patterns in which `*` stands for any text, also for none. */
export interface TopicChoice {
  readonly topics: readonly string[];
  /** Names and patterns of what the patterns of `topics` leave out. */
  readonly exclude: readonly string[];
}

export function isPattern(text: string): boolean {
  return text.includes('*');
}

/** Takes time in proportion to the name, whatever the pattern. */
export function matches(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return name === pattern;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at + last.length <= name.length;
}

/** The first pattern that chooses this topic; `undefined` for a topic that is none's, excluded, or one of RocketMQ's or our own. */
export function choosingPattern({ topics, exclude }: TopicChoice, topic: string): string | undefined {
  if (isOwnName(topic) || isSystemTopic(topic) || exclude.some((pattern) => matches(pattern, topic))) return undefined;
  return topics.find((pattern) => isPattern(pattern) && matches(pattern, topic));
}

/** By name or by pattern. */
export function choosesTopic(choice: TopicChoice, topic: string): boolean {
  return choice.topics.includes(topic) || choosingPattern(choice, topic) !== undefined;
}

/** Where 5.x proxies tell each other of their clients (`heartbeatSyncerTopicName` of ProxyConfig); they would take a copy for clients of their own. */
export const PROXY_HEARTBEATS = 'DefaultHeartBeatSyncerTopic';

const SYSTEM_TOPICS = new Set([
  'SCHEDULE_TOPIC_XXXX',
  'TBW102',
  'BenchmarkTest',
  'SELF_TEST_TOPIC',
  'OFFSET_MOVED_EVENT',
  'TRANS_CHECK_MAX_TIME_TOPIC',
  'CHECKPOINT_TOPIC',
  PROXY_HEARTBEATS,
]);

/**
 * Topics that RocketMQ made for itself, retry and dead-letter topics (TopicValidator and MixAll in org.apache.rocketmq.common). Brokers have
 * some more, named after the cluster and themselves.
 */
export function isSystemTopic(topic: string): boolean {
  return /^(rmq_sys_|RMQ_SYS_|%RETRY%|%DLQ%|%LMQ%)/.test(topic) || SYSTEM_TOPICS.has(topic);
}

/** A name that both patterns match; `undefined` where there is none. */
export function commonName(one: string, other: string): string | undefined {
  const hopeless = new Set<number>();
  function from(i: number, j: number): string | undefined {
    if (i === one.length && j === other.length) return '';
    const place = i * (other.length + 1) + j;
    if (hopeless.has(place)) return undefined;
    const found = step(i, j);
    if (found === undefined) hopeless.add(place);
    return found;
  }
  function step(i: number, j: number): string | undefined {
    const a = one[i];
    const b = other[j];
    if (a === '*') return from(i + 1, j) ?? after(b, i, j + 1);
    if (b === '*') return from(i, j + 1) ?? after(a, i + 1, j);
    return a !== undefined && a === b ? after(a, i + 1, j + 1) : undefined;
  }
  function after(character: string | undefined, i: number, j: number): string | undefined {
    if (character === undefined) return undefined;
    const rest = from(i, j);
    return rest === undefined ? undefined : `${character === '*' ? '' : character}${rest}`;
  }
  return from(0, 0);
}
