/** R7: a topic may reach a cluster from another one in one way only, else each message would arrive there twice. */

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
}

/** A topic, or a pattern's topics, that would reach `to` from `from` twice. */
export interface SecondWay {
  readonly topic: string;
  /** Where it stands in the list of the replication that opens the second way. */
  readonly index: number;
  readonly from: string;
  readonly to: string;
  /** The replications that copy this topic already. */
  readonly beside: readonly string[];
}

interface Edge {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
}

/** Which topics of `added` get a second way beside `others`, which have none among themselves. A topic that it names twice is one of them. */
export function secondWays(others: readonly Way[], added: Way): SecondWay[] {
  return added.topics.flatMap((topic, index) => {
    const again = added.topics.slice(0, index).includes(topic) ? [added] : [];
    for (const name of topicsIn(topic, others)) {
      const edges = [...others.filter((other) => copies(other, name)), ...again].flatMap(edgesOf);
      const pair = copies(added, name) ? twice([...edges, ...edgesOf(added)]) : undefined;
      if (pair) return { topic, index, ...pair, beside: [...new Set(edges.map(({ replication }) => replication))] };
    }
    return [];
  });
}

/** The topic; of a pattern one topic for each name or pattern of the others that it meets. */
function topicsIn(topic: string, others: readonly Way[]): string[] {
  if (!isPattern(topic)) return [topic];
  const met = others.flatMap(({ topics }) => topics).flatMap((other) => commonName(topic, other) ?? []);
  return [...new Set([topic, ...met])];
}

function copies({ topics, exclude = [] }: Way, name: string): boolean {
  return choosesTopic({ topics, exclude }, name);
}

/** For whoever wants to start it. */
export function secondWayText({ topic, index, from, to, beside }: SecondWay): string {
  return (
    `topics[${index}]: topic ${topic} would reach ${to} from ${from} by a second way, beside ${beside.join(', ')}; ` +
    'two tasks that copy the same topic between the same pair, straight or over others, would deliver every message twice'
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
