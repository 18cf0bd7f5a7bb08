import type { GroupsView } from '../replication/group-progress.ts';
import type { AuditEntry, ReplicationStatus } from '../replication/messages.ts';
import { isNoWorker, replicationHandle, type Temporal } from './temporal.ts';

/** Without a worker a query would hang for 30 s. ms */
const QUERY_MS = 3_000;

/** `undefined` when no worker answers. */
export function queryStatus(temporal: Temporal, name: string): Promise<ReplicationStatus | undefined> {
  return query<ReplicationStatus>(temporal, name, 'status');
}

/** `undefined` when no worker answers. */
export function queryAudit(temporal: Temporal, name: string): Promise<readonly AuditEntry[] | undefined> {
  return query<readonly AuditEntry[]>(temporal, name, 'audit');
}

/** `undefined` when no worker answers. */
export function queryGroups(temporal: Temporal, name: string): Promise<GroupsView | undefined> {
  return query<GroupsView>(temporal, name, 'groups');
}

async function query<T>(temporal: Temporal, name: string, type: string): Promise<T | undefined> {
  try {
    return await temporal.connection.withDeadline(Date.now() + QUERY_MS, () =>
      replicationHandle(temporal, name).query<T>(type),
    );
  } catch (error) {
    if (isNoWorker(error)) return undefined;
    throw error;
  }
}
