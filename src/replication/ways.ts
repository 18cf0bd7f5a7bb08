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
  return [...secondWaysOf('topics', others, added), ...secondWaysOf('groups', others, added)];
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
export function secondWayText({ of, name, index, from, to, beside }: SecondWay): string {
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
