import { notAvailableYet, replicationInput } from '../replication/input.ts';
import { secondWays, sharedGroupText, type SecondWay, type Way } from '../replication/ways.ts';
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

/** R7. What is found to open a second way does not count for those behind it. */
function twoWays(replications: Entries): Finding[] {
  const findings: Finding[] = [];
  const accepted: Way[] = [];
  for (const way of ways(replications)) {
    const second = secondWays(accepted, way);
    for (const { of, name, index, from, to, beside, topic } of second)
      findings.push({
        path: ['replications', way.replication, of, index],
        message:
          topic !== undefined
            ? sharedGroupText({ name, to, beside, topic })
            : `found a second way for ${of === 'topics' ? 'topic' : 'what waits for another try in group'} ${name} from ${from} to ${to}, ` +
              `beside ${beside.join(', ')}; expected one way, else every message would arrive twice`,
      });
    const only = (of: SecondWay['of'], names: readonly string[] = []) =>
      names.filter((_, index) => !second.some((found) => found.of === of && found.index === index));
    accepted.push({ ...way, topics: only('topics', way.topics), groups: only('groups', way.groups) });
  }
  return findings;
}

function ways(replications: Entries): Way[] {
  return Object.entries(replications).flatMap(([replication, entry]) => {
    const { source, destination, mode, topics, exclude, groups } = asMap(entry);
    if (typeof source !== 'string' || typeof destination !== 'string' || !Array.isArray(topics)) return [];
    // what is no text is no topic, and the schema says so; it keeps its place in the list
    const names = topics.map((topic, index) => (typeof topic === 'string' ? topic : `${replication} ${index}`));
    const left = Array.isArray(exclude) ? exclude.filter((topic) => typeof topic === 'string') : [];
    const tried = Array.isArray(groups)
      ? groups.map((group, index) => (typeof group === 'string' ? group : `${replication} ${index}`))
      : [];
    const both = mode === 'two-way' ? mode : 'one-way';
    return [{ replication, source, destination, mode: both, topics: names, exclude: left, groups: tried }];
  });
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
