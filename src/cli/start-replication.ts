import { setTimeout as pause } from 'node:timers/promises';
import type { ReplicationInput } from '../replication/input.ts';
import { REPLICATION_WORKFLOW, TASK_QUEUE, type ReplicationState } from '../replication/messages.ts';
import { workflowId } from '../replication/names.ts';
import { describeExecution, failureOf } from './executions.ts';
import { CommandFailed } from './failure.ts';
import type { ChangeOptions } from './options.ts';
import { queryStatus } from './queries.ts';
import type { Temporal } from './temporal.ts';

export interface Started {
  readonly name: string;
  readonly workflowId: string;
  readonly runId: string;
  /** `STARTING` when it was not under way after 10 s; `note` says why. */
  readonly state: ReplicationState;
  readonly note?: string;
}

/** How long a start is watched, so that what the operator must correct is reported right here. ms */
const WATCH_MS = 10_000;
const POLL_MS = 200;

/**
 * Starts a replication that does not run and sees it under way.
 * @throws WrongInput when another one that runs copies one of its topics the same way
 * @throws CommandFailed when it runs already, or fails at once because of its input or of what it found on the clusters
 */
export async function startReplication(
  temporal: Temporal,
  name: string,
  input: ReplicationInput,
  { by, reason }: Pick<ChangeOptions, 'by' | 'reason'>,
): Promise<Started> {
  const id = workflowId(name);
  const { refuseSecondWay } = await import('../temporal/refuse-second-way.ts');
  await refuseSecondWay(temporal.client, { replication: name, ...input });
  const { firstExecutionRunId: runId } = await temporal.client.workflow
    .start(REPLICATION_WORKFLOW, {
      workflowId: id,
      taskQueue: TASK_QUEUE,
      args: [input],
      memo: { by, reason },
      staticSummary: `started by ${by ?? 'somebody'}${reason === undefined ? '' : `: ${reason}`}`,
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    })
    .catch((error: unknown) => {
      if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
      throw new CommandFailed(`replication ${name} runs already; replicator status ${name} shows it`, { cause: error });
    });
  return { name, workflowId: id, runId, ...(await watchStart(temporal, name)) };
}

async function watchStart(temporal: Temporal, name: string): Promise<Pick<Started, 'state' | 'note'>> {
  const deadline = Date.now() + WATCH_MS;
  let why = 'no worker has taken it up yet; start one with: replicator worker';
  while (Date.now() < deadline) {
    await failIfEnded(temporal, name);
    const status = await queryStatus(temporal, name);
    if (status && status.state !== 'STARTING') return { state: status.state };
    if (status) why = ['it is still starting', ...status.troubles].join('; ');
    await pause(POLL_MS);
  }
  return { state: 'STARTING', note: why };
}

async function failIfEnded(temporal: Temporal, name: string): Promise<void> {
  const execution = await describeExecution(temporal, name);
  if (!execution || execution.status === 'RUNNING' || execution.status === 'CONTINUED_AS_NEW') return;
  const reason = (await failureOf(temporal, execution)) ?? `it ended at once (${execution.status})`;
  throw new CommandFailed(`replication ${name} was not started: ${reason}`);
}
