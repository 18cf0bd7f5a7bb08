import type { LoadedConfig } from '../../config/types.ts';
import type { Cluster } from '../../transport/types.ts';
import { openCluster } from '../clusters.ts';
import { messageOf } from '../failure.ts';
import { withTemporal } from '../temporal.ts';
import { checkCluster, checkSameCluster } from './clusters.ts';
import type { Finding } from './finding.ts';
import { checkTemporal } from './temporal.ts';
import { checkTopics } from './topics.ts';

/** Looks at everything that the file names. Changes nothing; answers within half a minute, whatever hangs. */
export async function examine(config: LoadedConfig): Promise<Finding[]> {
  const [temporal, clusters] = await Promise.all([examineTemporal(), examineClusters(config)]);
  return [...clusters, ...temporal];
}

async function examineTemporal(): Promise<Finding[]> {
  try {
    return await withTemporal(checkTemporal);
  } catch (error) {
    return [{ result: 'FAIL', about: 'Temporal', text: messageOf(error) }];
  }
}

async function examineClusters(config: LoadedConfig): Promise<Finding[]> {
  const clusters = new Map<string, Cluster>();
  try {
    for (const [name, cluster] of config.clusters) clusters.set(name, await openCluster(cluster));
    const checked = await Promise.all(
      [...clusters].map(([name, { admin }]) => checkCluster(config.clusters.get(name)!, admin)),
    );
    const reachable = new Set(checked.filter(({ brokers }) => brokers.length > 0).map(({ name }) => name));
    const findings = [...checked.flatMap((cluster) => cluster.findings), ...checkSameCluster(checked)];
    for (const [name, input] of config.replications) {
      const source = reachable.has(input.source) ? clusters.get(input.source) : undefined;
      const destination = reachable.has(input.destination) ? clusters.get(input.destination) : undefined;
      if (source && destination)
        findings.push(...(await checkTopics(name, input, { source: source.admin, destination: destination.admin })));
    }
    return findings;
  } finally {
    for (const cluster of clusters.values()) cluster.close();
  }
}
