import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { SyncProgress } from '../replication/group-progress.ts';
import { REPLICATION_WORKFLOW } from '../replication/messages.ts';
import { workflowId, WORKFLOW_ID_PREFIX } from '../replication/names.ts';
import type { PumpProgress } from '../replication/pump-messages.ts';
import { innermost, isUnknownWorkflow, replicationHandle, type Temporal } from './temporal.ts';

/** What Temporal itself knows of a replication, without asking a worker. */
export interface Execution {
  readonly name: string;
  readonly runId: string;
  /** Temporal's word: RUNNING, COMPLETED, FAILED, TERMINATED, ... */
  readonly status: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Pumps and other activities that are under way or wait for a worker. */
  readonly activities: readonly PendingActivity[];
}

export interface PendingActivity {
  readonly id: string;
  readonly type: string;
  /** STARTED, SCHEDULED (waits for a worker or its next attempt), PAUSED, ... */
  readonly state: string;
  readonly attempt: number;
  /** ISO 8601. */
  readonly lastHeartbeat?: string;
  readonly lastFailure?: string;
  readonly progress?: PumpProgress | SyncProgress;
}

/** `undefined` where Temporal knows no such replication. */
export async function describeExecution(temporal: Temporal, name: string): Promise<Execution | undefined> {
  try {
    const { runId, status, startTime, raw } = await replicationHandle(temporal, name).describe();
    const { payloadConverter } = await import('../temporal/payload-converter.ts');
    const activities = (raw.pendingActivities ?? []).map((activity): PendingActivity => {
      const heartbeat = activity.lastHeartbeatTime;
      const details = activity.heartbeatDetails?.payloads?.[0];
      const failure = activity.lastFailure?.message;
      return {
        id: activity.activityId ?? '',
        type: activity.activityType?.name ?? '',
        state: ACTIVITY_STATES[Number(activity.state)] ?? 'UNKNOWN',
        attempt: activity.attempt ?? 1,
        ...(heartbeat ? { lastHeartbeat: new Date(Number(heartbeat.seconds) * 1000).toISOString() } : {}),
        ...(failure ? { lastFailure: failure } : {}),
        ...(details ? { progress: payloadConverter.fromPayload<PumpProgress | SyncProgress>(details) } : {}),
      };
    });
    return { name, runId, status: status.name, startedAt: startTime.toISOString(), activities };
  } catch (error) {
    if (isUnknownWorkflow(error)) return undefined;
    throw error;
  }
}

/** temporal.api.enums.v1.PendingActivityState */
const ACTIVITY_STATES = [
  'UNSPECIFIED',
  'SCHEDULED',
  'STARTED',
  'CANCEL_REQUESTED',
  'PAUSED',
  'PAUSE_REQUESTED',
] as const;

/** Somebody stopped it by `temporal activity pause`, which its workflow does not see. */
export function isPausedByTemporal({ state }: PendingActivity): boolean {
  return state === 'PAUSED' || state === 'PAUSE_REQUESTED';
}

/** Why a run that is over did not end well; `undefined` where it did. */
export async function failureOf({ client }: Temporal, { name, runId }: Execution): Promise<string | undefined> {
  return client.workflow
    .getHandle(workflowId(name), runId)
    .result()
    .then(
      () => undefined,
      (error: unknown) => innermost(error).message,
    );
}

/** The newest execution of every replication that Temporal still knows, by name. */
export async function listExecutions({ client }: Temporal): Promise<Map<string, Omit<Execution, 'activities'>>> {
  const newest = new Map<string, WorkflowExecutionInfo>();
  for await (const execution of client.workflow.list({ query: `WorkflowType = '${REPLICATION_WORKFLOW}'` })) {
    const name = execution.workflowId.slice(WORKFLOW_ID_PREFIX.length);
    const known = newest.get(name);
    if (execution.workflowId.startsWith(WORKFLOW_ID_PREFIX) && (!known || known.startTime < execution.startTime))
      newest.set(name, execution);
  }
  return new Map(
    [...newest].map(([name, { runId, status, startTime }]) => [
      name,
      { name, runId, status: status.name, startedAt: startTime.toISOString() },
    ]),
  );
}
