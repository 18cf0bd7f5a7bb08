import type { ClusterConfig } from '../config/types.ts';
import type { Cluster } from '../transport/types.ts';

/** Opens a cluster of the file. Nothing is sent before the first call. */
export async function openCluster(config: ClusterConfig): Promise<Cluster> {
  const { openRemotingCluster } = await import('../transport/remoting/cluster.ts');
  return openRemotingCluster(config);
}

/** Runs `work` with a cluster that is closed afterwards. */
export async function withCluster<T>(config: ClusterConfig, work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = await openCluster(config);
  try {
    return await work(cluster);
  } finally {
    cluster.close();
  }
}
