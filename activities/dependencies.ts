import type { Client } from '@temporalio/client';
import type { ByteBudget } from '../src/pump/byte-budget.ts';
import type { Cluster } from '../src/transport/types.ts';

/** What a worker gives its activities. */
export interface ActivityDependencies {
  readonly client: Client;
  /** Names the worker, as Temporal shows it. */
  readonly identity: string;
  /** A cluster of the configuration; shared, so activities do not close it. @throws WrongInput for an unknown name */
  readonly openCluster: (name: string) => Cluster;
  /** Bytes of messages in memory, shared by all pumps of the process. */
  readonly budget: ByteBudget;
  /** Names of our search attributes that the namespace accepts now: a Temporal that lost its database knows none. */
  readonly usableSearchAttributes: () => Promise<readonly string[]>;
}
