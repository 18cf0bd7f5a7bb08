import type { LoadedConfig } from '../../config/types.ts';
import { replicationInput, type ReplicationInput } from '../../replication/input.ts';
import type { ReplicationStatus } from '../../replication/messages.ts';
import type { Flow } from '../../replication/names.ts';
import type { Cluster } from '../../transport/types.ts';
import { withCluster } from '../clusters.ts';
import { messageOf } from '../failure.ts';
import { describeExecution, failureOf, type Execution } from '../executions.ts';
import { flowLag, flowTopics, topicLags, type Chosen, type QueueLag, type TopicLag } from '../../pump/flow-lag.ts';
import { queryStatus } from '../queries.ts';
import type { Temporal } from '../temporal.ts';
import { within } from '../time-limit.ts';
import { configIfThere, ended, noSuchReplication } from './list.ts';

/** How one replication is doing, from every source that answers. */
export interface ReplicationReport {
  readonly name: string;
  readonly health: string;
  readonly source?: string;
  readonly destination?: string;
  /** Why its last run failed. */
  readonly failure?: string;
  /** What the workflow says; absent when no worker answers or it does not run. */
  readonly status?: ReplicationStatus;
  /** What Temporal knows without a worker; absent where it knows nothing. */
  readonly execution?: Execution;
  readonly lag?: Lag;
  /** Why there is no lag. */
  readonly noLag?: string;
  /** The other direction, where there is one. */
  readonly back?: LagPart & { readonly source: string; readonly destination: string };
}

interface Lag {
  readonly messages: number;
  readonly topics: readonly TopicLag[];
  readonly queues: readonly QueueLag[];
}

/** How long RocketMQ may take for the lag. ms */
const LAG_MS = 10_000;

/** @throws CommandFailed where neither Temporal nor the file knows the replication */
export async function replicationReport(
  temporal: Temporal,
  name: string,
  file: string | undefined,
): Promise<ReplicationReport> {
  const [config, execution] = await Promise.all([configIfThere(file), describeExecution(temporal, name)]);
  const entry = config?.replications.get(name);
  if (!execution && !entry) throw noSuchReplication(temporal, name, config);
  const running = execution?.status === 'RUNNING';
  const status = running ? await queryStatus(temporal, name) : undefined;
  const failure = execution?.status === 'FAILED' ? await failureOf(temporal, execution) : undefined;
  const ends = status ?? (running ? await startedAs(temporal, name) : undefined) ?? entry;
  return {
    name,
    health: status?.health ?? (running ? 'NO WORKER' : ended(execution?.status)),
    ...(ends ? { source: ends.source, destination: ends.destination } : {}),
    ...(failure === undefined ? {} : { failure }),
    ...(status ? { status } : {}),
    ...(execution ? { execution } : {}),
    ...(await lagOf(name, ends, config)),
    ...(ends && goesBack(ends) ? { back: await backOf(name, ends, config) } : {}),
  };
}

/** What a replication that cannot be asked was started with. */
export async function startedAs({ client }: Temporal, name: string): Promise<ReplicationInput | undefined> {
  const { readRunStart } = await import('../../temporal/running-replications.ts');
  return replicationInput.safeParse((await readRunStart(client, name))?.input).data;
}

type Ends = Chosen & Pick<ReplicationInput, 'source' | 'destination' | 'mode'>;

/** Whether it copies in both directions. */
export function goesBack(ends: Pick<Ends, 'mode'> & { readonly flows?: readonly unknown[] }): boolean {
  return ends.mode === 'two-way' || (ends.flows?.length ?? 0) > 1;
}

async function backOf(name: string, ends: Ends, config: LoadedConfig | undefined) {
  const { source: destination, destination: source } = ends;
  return { source, destination, ...(await lagOf(name, { ...ends, source, destination }, config)) };
}

type LagPart = Pick<ReplicationReport, 'lag' | 'noLag'>;

async function lagOf(
  name: string,
  ends: (Chosen & { readonly source: string; readonly destination: string }) | undefined,
  config: LoadedConfig | undefined,
): Promise<LagPart> {
  if (!ends) return { noLag: 'the configuration file does not name it and no worker says what it copies' };
  const { source, destination } = ends;
  const cluster = config?.clusters.get(source);
  if (!cluster) return { noLag: `no configuration file names the cluster ${source}` };
  try {
    const flow = { replication: name, source, destination };
    const { topics, queues } = await withCluster(cluster, (open) =>
      within(LAG_MS, `cluster ${source}`, readLag(open, flow, ends)),
    );
    return {
      lag: { messages: queues.reduce((sum, { lag }) => sum + lag, 0), topics: topicLags(topics, queues), queues },
    };
  } catch (error) {
    return { noLag: messageOf(error) };
  }
}

async function readLag(cluster: Cluster, flow: Flow, chosen: Chosen) {
  const topics = await flowTopics(cluster, chosen);
  return { topics, queues: await flowLag(cluster.admin, flow, topics) };
}
