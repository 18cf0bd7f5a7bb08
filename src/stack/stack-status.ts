import type { ClusterName } from './definitions.ts';

export interface ClusterStatus {
  /** `host:port` */
  readonly nameServers: readonly string[];
  /** `host:port` */
  readonly brokers: readonly string[];
  /** `host:port` of the proxy's gRPC endpoint. */
  readonly grpc: string;
}

export interface StackStatus {
  /** Whether the clusters and Temporal run; their proxies may not. */
  readonly running: boolean;
  readonly temporal: {
    /** `host:port` */
    readonly address: string;
    readonly ui: string;
  };
  readonly clusters: Readonly<Record<ClusterName, ClusterStatus>>;
  /** Path of a replicator.yaml that works with this stack. */
  readonly config: string;
}
