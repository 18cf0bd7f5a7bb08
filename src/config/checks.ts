import { notAvailableYet, replicationInput } from '../replication/input.ts';
import { valueAt } from '../replication/problems.ts';
import type { Finding } from './issues.ts';

type Entries = Readonly<Record<string, unknown>>;

/** What the schema alone cannot see. Works on the raw file, so that it also speaks when other parts are wrong. */
export function crossChecks(root: unknown): Finding[] {
  const clusters = asMap(valueAt(root, ['clusters']));
  const replications = asMap(valueAt(root, ['replications']));
  const policy = valueAt(root, ['policy']);
  return [
    ...withoutNameServers(clusters),
    ...unknownClusters(Object.keys(clusters), replications),
    ...twoWays(replications),
    ...notYet(clusters, replications),
    ...(policy === undefined ? [] : [{ path: ['policy'], message: 'not available yet; leave it out' }]),
  ];
}

function withoutNameServers(clusters: Entries): Finding[] {
  return Object.entries(clusters)
    .filter(([, entry]) => isMap(entry) && entry.nameServers === undefined && entry.endpoints === undefined)
    .map(([name]) => ({
      path: ['clusters', name, 'nameServers'],
      message: 'found nothing; expected a list of name servers, such as [10.0.0.1:9876]',
    }));
}

function unknownClusters(clusters: readonly string[], replications: Entries): Finding[] {
  const findings: Finding[] = [];
  for (const name of Object.keys(replications))
    for (const side of ['source', 'destination']) {
      const cluster = valueAt(replications, [name, side]);
      if (typeof cluster === 'string' && !clusters.includes(cluster))
        findings.push({
          path: ['replications', name, side],
          message: `found ${JSON.stringify(cluster)}; expected one of the clusters: ${clusters.join(', ') || 'there are none'}`,
        });
    }
  return findings;
}

interface Copying {
  readonly replication: string;
  readonly index: number;
  readonly source: string;
  readonly destination: string;
}

/** R7: a topic may reach a cluster from another one in one way only, else each message would arrive twice. */
function twoWays(replications: Entries): Finding[] {
  const findings: Finding[] = [];
  for (const [topic, copyings] of copyingsByTopic(replications)) {
    const accepted: Copying[] = [];
    for (const copying of copyings) {
      const pair = secondWay(accepted, copying);
      if (!pair) accepted.push(copying);
      else
        findings.push({
          path: ['replications', copying.replication, 'topics', copying.index],
          message:
            `found a second way for topic ${topic} from ${pair.from} to ${pair.to}, beside ` +
            `${[...new Set(accepted.map(({ replication }) => replication))].join(', ')}; expected one way, else every message would arrive twice`,
        });
    }
  }
  return findings;
}

/** The clusters between which `added` opens a second way. */
function secondWay(edges: readonly Copying[], added: Copying): { from: string; to: string } | undefined {
  const all = [...edges, added];
  const clusters = new Set(all.flatMap(({ source, destination }) => [source, destination]));
  for (const from of clusters)
    for (const to of clusters) if (from !== to && countWays(all, from, to, [from]) > 1) return { from, to };
  return undefined;
}

/** Ways from one cluster to another that pass no cluster twice (R7); stops counting at 2. */
function countWays(edges: readonly Copying[], from: string, to: string, passed: readonly string[]): number {
  if (from === to) return 1;
  let ways = 0;
  for (const { source, destination } of edges)
    if (source === from && !passed.includes(destination) && ways < 2)
      ways += countWays(edges, destination, to, [...passed, destination]);
  return ways;
}

interface Copying {
  readonly replication: string;
  /** Where the topic stands in the replication's list. */
  readonly index: number;
  readonly source: string;
  readonly destination: string;
}

function copyingsByTopic(replications: Entries): Map<string, Copying[]> {
  const byTopic = new Map<string, Copying[]>();
  for (const [replication, entry] of Object.entries(replications)) {
    const { source, destination, topics } = asMap(entry);
    if (typeof source !== 'string' || typeof destination !== 'string' || !Array.isArray(topics)) continue;
    for (const [index, topic] of topics.entries())
      if (typeof topic === 'string')
        byTopic.set(topic, [...(byTopic.get(topic) ?? []), { replication, index, source, destination }]);
  }
  return byTopic;
}

function asMap(value: unknown): Entries {
  return isMap(value) ? value : {};
}

function isMap(value: unknown): value is Entries {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the schema knows but this release does not do. */
function notYet(clusters: Entries, replications: Entries): Finding[] {
  const findings: Finding[] = [];
  for (const [name, entry] of Object.entries(clusters)) {
    const { protocol, endpoints, edition } = asMap(entry);
    const path = ['clusters', name];
    if (protocol === 'grpc')
      findings.push({
        path: [...path, 'protocol'],
        message: 'grpc is not available yet; use remoting and nameServers',
      });
    if (endpoints !== undefined)
      findings.push({ path: [...path, 'endpoints'], message: 'not available yet; use nameServers' });
    if (edition !== undefined)
      findings.push({ path: [...path, 'edition'], message: 'not available yet; leave it out' });
  }
  for (const [name, entry] of Object.entries(replications)) {
    const { data } = replicationInput.safeParse(entry);
    for (const sentence of data ? notAvailableYet(data) : []) {
      const [, key, index, message] = /^(\w+)(?:\[(\d+)\])?: (.*)$/.exec(sentence)!;
      const place = index === undefined ? [key!] : [key!, Number(index)];
      findings.push({ path: ['replications', name, ...place], message: message! });
    }
  }
  return findings;
}
