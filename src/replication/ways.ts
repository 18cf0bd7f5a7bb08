/**
 * R7: a topic may reach a cluster from another one in one way only, else each message would arrive there twice. A group as well, because its retry topics
 * travel with it.
 */

import { choosesGroup } from './group-choice.ts';
import { choosesTopic, commonName, isPattern } from './topic-pattern.ts';

/** What a replication copies. */
export interface Way {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
  readonly mode?: 'one-way' | 'two-way' | undefined;
  /** Names and patterns. */
  readonly topics: readonly string[];
  readonly exclude?: readonly string[] | undefined;
  /** Names and patterns. */
  readonly groups?: readonly string[] | undefined;
}

/** A topic, a group, or what a pattern chooses, that would reach `to` from `from` twice. */
export interface SecondWay {
  readonly of: 'topics' | 'groups';
  readonly name: string;
  /** Where it stands in the list of the replication that opens the second way. */
  readonly index: number;
  readonly from: string;
  readonly to: string;
  /** The replications that copy it already. */
  readonly beside: readonly string[];
  /** Of a group that another one moves at `to` as well, from another cluster: a topic that both copy there. */
  readonly topic?: string;
}

interface Edge {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
}

/**
 * Which topics and groups of `added` get a second way beside `others`, which have none among themselves. A topic that it names twice is one of
 * them.
 */
export function secondWays(others: readonly Way[], added: Way): SecondWay[] {
  const ways = [...secondWaysOf('topics', others, added), ...secondWaysOf('groups', others, added)];
  const met = new Set(ways.filter(({ of }) => of === 'groups').map(({ index }) => index));
  return [...ways, ...sharedGroups(others, added).filter(({ index }) => !met.has(index))];
}

/**
 * R10: a group has one offset in a queue, which cannot stand for what it has consumed in two clusters that are copied there: either would move it past
 * the other's messages. Of a two-way replication the way counts that progress goes at first.
 */
function sharedGroups(others: readonly Way[], added: Way): SecondWay[] {
  const { destination: to, source: from, groups = [] } = added;
  return groups.flatMap((entry, index) => {
    for (const other of others) {
      if (other.destination !== to || other.source === from) continue;
      const isMet = namesIn(entry, other.groups ?? []).some(
        (name) => copies('groups', added, name) && copies('groups', other, name),
      );
      const topic = isMet ? sharedTopic(other, added) : undefined;
      if (topic !== undefined)
        return { of: 'groups' as const, name: entry, index, from, to, beside: [other.replication], topic };
    }
    return [];
  });
}

function sharedTopic(one: Way, other: Way): string | undefined {
  return one.topics
    .flatMap((entry) => namesIn(entry, other.topics))
    .find((name) => copies('topics', one, name) && copies('topics', other, name));
}

function secondWaysOf(of: SecondWay['of'], others: readonly Way[], added: Way): SecondWay[] {
  const all = added[of] ?? [];
  return all.flatMap((entry, index) => {
    const again = of === 'topics' && all.slice(0, index).includes(entry) ? [added] : [];
    const met = others.flatMap((other) => other[of] ?? []);
    for (const name of namesIn(entry, met)) {
      const edges = [...others.filter((other) => copies(of, other, name)), ...again].flatMap(edgesOf);
      const pair = copies(of, added, name) ? twice([...edges, ...edgesOf(added)]) : undefined;
      if (pair)
        return { of, name: entry, index, ...pair, beside: [...new Set(edges.map(({ replication }) => replication))] };
    }
    return [];
  });
}

/** The name; of a pattern one name for each name or pattern of the others that it meets. */
function namesIn(entry: string, others: readonly string[]): string[] {
  if (!isPattern(entry)) return [entry];
  return [...new Set([entry, ...others.flatMap((other) => commonName(entry, other) ?? [])])];
}

function copies(of: SecondWay['of'], { topics, exclude = [], groups = [] }: Way, name: string): boolean {
  return of === 'topics' ? choosesTopic({ topics, exclude }, name) : choosesGroup(groups, name);
}

/** For whoever wants to start it. */
export function secondWayText({ of, name, index, from, to, beside, topic }: SecondWay): string {
  if (topic !== undefined) return `groups[${index}]: ${sharedGroupText({ name, to, beside, topic })}`;
  const way = `${to} from ${from} by a second way, beside ${beside.join(', ')}`;
  if (of === 'topics')
    return (
      `topics[${index}]: topic ${name} would reach ${way}; ` +
      'two tasks that copy the same topic between the same pair, straight or over others, would deliver every message twice'
    );
  return (
    `groups[${index}]: what waits for another try in group ${name} would reach ${way}; ` +
    'two tasks with the same group between the same pair, straight or over others, would have it tried twice'
  );
}

export function sharedGroupText({
  name,
  to,
  beside,
  topic,
}: Pick<SecondWay, 'name' | 'to' | 'beside' | 'topic'>): string {
  return (
    `group ${name} would be moved on ${to} by ${beside.join(', ')} as well, which copies topic ${topic} there from another cluster; ` +
    "one offset cannot stand for both, and each would move it past the other's messages; give the group to one of them only"
  );
}

function edgesOf({ replication, source, destination, mode }: Way): Edge[] {
  const there = { replication, source, destination };
  return mode === 'two-way' ? [there, { replication, source: destination, destination: source }] : [there];
}

/** A pair of clusters with more than one way from one to the other. */
function twice(edges: readonly Edge[]): { from: string; to: string } | undefined {
  const clusters = new Set(edges.flatMap(({ source, destination }) => [source, destination]));
  for (const from of clusters)
    for (const to of clusters) if (from !== to && countWays(edges, from, to, [from]) > 1) return { from, to };
  return undefined;
}

/** Ways from one cluster to another that pass no cluster twice, as messages travel; stops counting at 2. */
function countWays(edges: readonly Edge[], from: string, to: string, passed: readonly string[]): number {
  if (from === to) return 1;
  let ways = 0;
  for (const { source, destination } of edges)
    if (source === from && !passed.includes(destination) && ways < 2)
      ways += countWays(edges, destination, to, [...passed, destination]);
  return ways;
}
