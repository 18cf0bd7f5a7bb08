import type { Asked, AuditEntry } from '../replication/messages.ts';
import { COMMANDS } from '../replication/messages.ts';
import { queryAudit } from './queries.ts';
import { notRunning } from './send-command.ts';
import { isUnknownWorkflow, replicationHandle, type Temporal } from './temporal.ts';

export interface Audit {
  /** Where it was read: the workflow holds the last 200 decisions over all its runs. */
  readonly source: 'workflow' | 'history';
  readonly entries: readonly AuditEntry[];
}

/** @throws CommandFailed where there is no such replication */
export async function readAudit(temporal: Temporal, name: string): Promise<Audit> {
  try {
    const entries = await queryAudit(temporal, name);
    if (entries) return { source: 'workflow', entries };
    return { source: 'history', entries: await auditFromHistory(temporal, name) };
  } catch (error) {
    if (isUnknownWorkflow(error)) throw notRunning(temporal, name, error);
    throw error;
  }
}

async function auditFromHistory(temporal: Temporal, name: string): Promise<AuditEntry[]> {
  const { payloadConverter } = await import('../temporal/payload-converter.ts');
  const { events } = await replicationHandle(temporal, name).fetchHistory();
  const entries: AuditEntry[] = [];
  for (const event of events ?? []) {
    const signal = event.workflowExecutionSignaledEventAttributes;
    const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
    const command = signal?.signalName ?? update?.name;
    if (typeof command !== 'string' || !isCommand(command)) continue;
    const payload = (signal?.input ?? update?.args)?.payloads?.[0];
    const { by, reason, operationId } = payload ? (payloadConverter.fromPayload<Asked | null>(payload) ?? {}) : {};
    entries.push({
      at: new Date(Number(event.eventTime?.seconds ?? 0) * 1000).toISOString(),
      command,
      ...(by === undefined ? {} : { by }),
      ...(reason === undefined ? {} : { reason }),
      ...(operationId === undefined ? {} : { operationId }),
      result: 'asked',
    });
  }
  return entries;
}

/** Else it is a report, or nothing that the workflow knows. */
function isCommand(name: string): boolean {
  return (COMMANDS as readonly string[]).includes(name);
}
