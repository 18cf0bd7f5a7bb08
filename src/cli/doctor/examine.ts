import type { LoadedConfig } from '../../config/types.ts';
import type { ReplicationInput } from '../../replication/input.ts';
import type { Cluster } from '../../transport/types.ts';
import { openCluster } from '../clusters.ts';
import { messageOf } from '../failure.ts';
import { withTemporal } from '../temporal.ts';
import { checkAccess } from './access.ts';
import { checkDestination, checkSizes } from './broker-settings.ts';
import { checkClocks, type Clock } from './clocks.ts';
import { checkCluster, checkSameCluster, type CheckedCluster } from './clusters.ts';
import type { Finding } from './finding.ts';
import { temporalSkew } from './temporal-clock.ts';
import { checkTemporal } from './temporal.ts';
import { checkTopics } from './topics.ts';

/** What was found, and the clocks that were read by the way. */
interface Examined {
  readonly findings: readonly Finding[];
  readonly clocks: readonly Clock[];
}

/** Looks at everything that the file names. Changes nothing; answers within a minute, whatever hangs. */
export async function examine(config: LoadedConfig): Promise<Finding[]> {
  const [temporal, clusters] = await Promise.all([examineTemporal(), examineClusters(config)]);
  return [...clusters.findings, ...temporal.findings, ...checkClocks([...clusters.clocks, ...temporal.clocks])];
}

async function examineTemporal(): Promise<Examined> {
  try {
    return await withTemporal(async (temporal) => {
      const [findings, skew] = await Promise.all([checkTemporal(temporal), temporalSkew(temporal)]);
      return { findings, clocks: [{ who: 'Temporal', ...(skew ? { skew } : {}) }] };
    });
  } catch (error) {
    return { findings: [{ result: 'FAIL', about: 'Temporal', text: messageOf(error) }], clocks: [] };
  }
}

async function examineClusters(config: LoadedConfig): Promise<Examined> {
  const clusters = new Map<string, Cluster>();
  try {
    for (const [name, cluster] of config.clusters) clusters.set(name, await openCluster(cluster));
    const checked = await Promise.all(
      [...clusters].map(([name, { admin }]) => checkCluster(config.clusters.get(name)!, admin)),
    );
    const findings = [...checked.flatMap((cluster) => cluster.findings), ...checkSameCluster(checked)];
    const replications = [...config.replications].map(([name, input]) =>
      examineReplication(name, input, clusters, checked),
    );
    const clocks = checked.flatMap(({ name, facts }) =>
      facts.map(({ name: broker, skew }) => ({ who: `broker ${broker} of ${name}`, ...(skew ? { skew } : {}) })),
    );
    return { findings: [...findings, ...(await Promise.all(replications)).flat()], clocks };
  } finally {
    for (const cluster of clusters.values()) cluster.close();
  }
}

/** Nothing, where one of its clusters does not answer: that has been said. */
async function examineReplication(
  name: string,
  input: ReplicationInput,
  clusters: ReadonlyMap<string, Cluster>,
  checked: readonly CheckedCluster[],
): Promise<Finding[]> {
  const from = checked.find((cluster) => cluster.name === input.source);
  const to = checked.find((cluster) => cluster.name === input.destination);
  if (!from || !to || from.facts.length === 0 || to.facts.length === 0) return [];
  const about = `replication ${name}`;
  const source = clusters.get(input.source)!;
  const destination = clusters.get(input.destination)!;
  const writable = to.brokers.filter(({ master }) => master !== undefined).map((broker) => broker.name);
  const topics = await checkTopics(name, input, source, destination, writable.sort());
  return [
    ...topics.map(({ finding }) => finding),
    ...(await checkAccess(name, input, topics, source, destination)),
    ...to.facts.flatMap((facts) => checkDestination(about, facts, input)),
    ...checkSizes(about, input, from.facts, to.facts),
  ];
}
