import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { replicationInput } from '../replication/input.ts';
import { REPLICATION_WORKFLOW, type ReplicationStatus } from '../replication/messages.ts';
import { WORKFLOW_ID_PREFIX, workflowId } from '../replication/names.ts';
import type { Way } from '../replication/ways.ts';
import { payloadConverter } from './payload-converter.ts';

export interface RunningReplication extends Way {
  /** When its first run began. ms since 1970. */
  readonly startedAt: number;
  /** It says that it has not begun to copy yet. */
  readonly isStarting: boolean;
}

/** How a run began. */
export interface RunStart {
  /** As it was given. */
  readonly input: unknown;
  /** When its first run began, ms since 1970. */
  readonly startedAt: number;
}

const LIST_MS = 10_000;
/** Without a worker a query would hang for 30 s. ms */
const QUERY_MS = 2_000;
const AT_ONCE = 64;

/**
 * The replications that run, paused ones included. Visibility is eventually consistent: one that began within the last seconds may be missing.
 * @throws Error of Temporal's client
 */
export async function runningReplications(client: Client): Promise<RunningReplication[]> {
  const executions: WorkflowExecutionInfo[] = [];
  const query = `WorkflowType = '${REPLICATION_WORKFLOW}' AND ExecutionStatus = 'Running'`;
  await client.withDeadline(Date.now() + LIST_MS, async () => {
    for await (const execution of client.workflow.list({ query })) executions.push(execution);
  });
  const replications: (RunningReplication | undefined)[] = [];
  for (let first = 0; first < executions.length; first += AT_ONCE)
    replications.push(
      ...(await Promise.all(executions.slice(first, first + AT_ONCE).map((execution) => describe(client, execution)))),
    );
  return replications.filter((replication) => replication !== undefined);
}

/** What a run of this replication was started with. `undefined` where Temporal does not know it any more. */
export async function readRunStart(client: Client, name: string, runId?: string): Promise<RunStart | undefined> {
  const { history } = await client.withDeadline(Date.now() + LIST_MS, () =>
    client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId: workflowId(name), ...(runId !== undefined && { runId }) },
      maximumPageSize: 1,
    }),
  );
  const [event] = history?.events ?? [];
  const [input, carried] = event?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  if (!event || !input) return undefined;
  // a run that goes on with an earlier one's state knows when that began
  const { startedAt } = carried ? payloadConverter.fromPayload<{ startedAt?: string }>(carried) : {};
  const began = startedAt === undefined ? Number(event.eventTime?.seconds ?? 0) * 1000 : Date.parse(startedAt);
  return { input: payloadConverter.fromPayload(input), startedAt: began };
}

/** What it copies now, as it says itself; where no worker answers, what it was started with. `undefined` for what is no replication of ours. */
async function describe(client: Client, execution: WorkflowExecutionInfo): Promise<RunningReplication | undefined> {
  const name = execution.workflowId.slice(WORKFLOW_ID_PREFIX.length);
  const [now, start, status] = await Promise.all([
    // the list may still hold what has just ended
    client.workflow.getHandle(execution.workflowId).describe(),
    readRunStart(client, name, execution.runId).catch(() => undefined),
    queryStatus(client, name),
  ]);
  const copies = replicationInput.safeParse(status?.input ?? start?.input).data;
  const isOurs = execution.workflowId.startsWith(WORKFLOW_ID_PREFIX);
  if (!isOurs || !copies || now.status.name !== 'RUNNING') return undefined;
  const { source, destination, mode, topics, exclude, groups } = copies;
  const startedAt = start?.startedAt ?? execution.startTime.getTime();
  return {
    replication: name,
    source,
    destination,
    // one that was reversed copies both ways
    mode: status?.flows ? 'two-way' : mode,
    topics,
    exclude,
    groups,
    startedAt,
    isStarting: status?.state === 'STARTING',
  };
}

async function queryStatus(client: Client, name: string): Promise<ReplicationStatus | undefined> {
  return await client
    .withDeadline(Date.now() + QUERY_MS, () =>
      client.workflow.getHandle(workflowId(name)).query<ReplicationStatus>('status'),
    )
    .catch(() => undefined);
}
