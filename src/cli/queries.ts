import { failoverId, type FailoverStatus } from '../replication/failover/messages.ts';
import type { GroupsView } from '../replication/group-progress.ts';
import type { AuditEntry, ReplicationStatus } from '../replication/messages.ts';
import { workflowId } from '../replication/names.ts';
import { isNoWorker, type Temporal } from './temporal.ts';

/** Without a worker a query would hang for 30 s. ms */
const QUERY_MS = 3_000;

/** `undefined` when no worker answers. */
export function queryStatus(temporal: Temporal, name: string): Promise<ReplicationStatus | undefined> {
  return query<ReplicationStatus>(temporal, workflowId(name), 'status');
}

/** `undefined` when no worker answers. */
export function queryAudit(temporal: Temporal, name: string): Promise<readonly AuditEntry[] | undefined> {
  return query<readonly AuditEntry[]>(temporal, workflowId(name), 'audit');
}

/** `undefined` when no worker answers. */
export function queryGroups(temporal: Temporal, name: string): Promise<GroupsView | undefined> {
  return query<GroupsView>(temporal, workflowId(name), 'groups');
}

/** `undefined` when no worker answers. */
export function queryFailover(temporal: Temporal, name: string): Promise<FailoverStatus | undefined> {
  return query<FailoverStatus>(temporal, failoverId(name), 'status');
}

async function query<T>({ client, connection }: Temporal, id: string, type: string): Promise<T | undefined> {
  try {
    return await connection.withDeadline(Date.now() + QUERY_MS, () => client.workflow.getHandle(id).query<T>(type));
  } catch (error) {
    if (isNoWorker(error)) return undefined;
    throw error;
  }
}
