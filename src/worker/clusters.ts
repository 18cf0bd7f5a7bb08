import type { LoadedConfig } from '../config/types.ts';
import { WrongInput } from '../replication/wrong-input.ts';
import { openRemotingCluster } from '../transport/remoting/cluster.ts';
import type { Cluster } from '../transport/types.ts';

/** The clusters of the configuration, each opened when it is first needed and shared by all activities. */
export class Clusters {
  readonly #config: LoadedConfig;
  readonly #open = new Map<string, Cluster>();

  constructor(config: LoadedConfig) {
    this.#config = config;
  }

  /** @throws WrongInput for a name that the configuration does not hold */
  open(name: string): Cluster {
    const known = this.#open.get(name) ?? this.#connect(name);
    this.#open.set(name, known);
    return known;
  }

  close(): void {
    for (const cluster of this.#open.values()) cluster.close();
    this.#open.clear();
  }

  #connect(name: string): Cluster {
    const { clusters, path } = this.#config;
    const config = clusters.get(name);
    if (config) return openRemotingCluster(config);
    throw new WrongInput([
      `cluster ${name} is not in the worker's configuration ${path}; expected one of: ${[...clusters.keys()].join(', ')}`,
    ]);
  }
}
