import { loadConfig, configPath } from '../../config/load.ts';
import { ConfigError } from '../../config/config-error.ts';
import type { LoadedConfig } from '../../config/types.ts';
import { listExecutions } from '../executions.ts';
import { CommandFailed } from '../failure.ts';
import { note, table } from '../output.ts';
import { queryStatus } from '../queries.ts';
import type { Temporal } from '../temporal.ts';

export interface ListedReplication {
  readonly name: string;
  /** The replication's health; NO WORKER when none answers, NOT RUNNING when only the file knows it, else how its run ended. */
  readonly health: string;
  readonly source?: string;
  readonly destination?: string;
  readonly copied?: number;
  readonly blockedQueues?: number;
}

/** Every replication that Temporal or the configuration file knows, sorted by name. */
export async function replicationList(temporal: Temporal, file: string | undefined): Promise<ListedReplication[]> {
  const config = await configIfThere(file);
  const executions = await listExecutions(temporal);
  const names = [...new Set([...executions.keys(), ...(config?.replications.keys() ?? [])])].sort();
  return Promise.all(names.map((name) => listed(temporal, name, executions.get(name)?.status, config)));
}

/** What runs can be listed without a configuration file; one that was named has to be right. */
export async function configIfThere(file: string | undefined): Promise<LoadedConfig | undefined> {
  try {
    return await loadConfig(configPath(file));
  } catch (error) {
    if (file !== undefined || !(error instanceof ConfigError)) throw error;
    note(`going on without a configuration: ${error.message}`);
    return undefined;
  }
}

export function noSuchReplication(
  { address, namespace }: Temporal,
  name: string,
  config: LoadedConfig | undefined,
): CommandFailed {
  return new CommandFailed(
    `there is no replication ${name}: neither Temporal at ${address} (namespace ${namespace}) ` +
      `nor ${config?.path ?? 'a configuration file'} knows it; replicator status lists all`,
  );
}

async function listed(
  temporal: Temporal,
  name: string,
  execution: string | undefined,
  config: LoadedConfig | undefined,
): Promise<ListedReplication> {
  const entry = config?.replications.get(name);
  const ends = entry ? { source: entry.source, destination: entry.destination } : {};
  if (execution !== 'RUNNING') return { name, health: ended(execution), ...ends };
  const status = await queryStatus(temporal, name);
  if (!status) return { name, health: 'NO WORKER', ...ends };
  const { health, source, destination, counters, blocked } = status;
  return { name, health, source, destination, copied: counters.copied, blockedQueues: blocked.length };
}

/** A replication completes when it is stopped. */
export function ended(execution: string | undefined): string {
  if (execution === undefined) return 'NOT RUNNING';
  return execution === 'COMPLETED' ? 'STOPPED' : execution;
}

export function listText(list: readonly ListedReplication[]): string {
  if (list.length === 0) return 'no replications';
  return table(
    ['NAME', 'HEALTH', 'FROM', 'TO', 'COPIED', 'BLOCKED QUEUES'],
    list.map(({ name, health, source = '', destination = '', copied = '', blockedQueues = '' }) => [
      name,
      health,
      source,
      destination,
      copied,
      blockedQueues,
    ]),
  );
}
