import type { ReplicationInput } from '../replication/input.ts';
import type { ClusterAuth, ClusterKind, WorkerConfig } from './schema.ts';

/** One cluster of the file, ready to be opened over the remoting protocol. Holds secrets: never log or print it. */
export interface ClusterConfig {
  readonly name: string;
  readonly kind: ClusterKind;
  readonly region: string | undefined;
  /** `host:port` each, at least one. */
  readonly nameServers: readonly string[];
  readonly auth: ClusterAuth | undefined;
  /** Certificates are not verified. */
  readonly tls: boolean;
}

/** A configuration file that has passed every check. */
export interface LoadedConfig {
  /** The file's path as it was given. */
  readonly path: string;
  readonly clusters: ReadonlyMap<string, ClusterConfig>;
  /** By name, every default filled in: the input of the `replication` workflow. */
  readonly replications: ReadonlyMap<string, ReplicationInput>;
  readonly worker: WorkerConfig;
}
