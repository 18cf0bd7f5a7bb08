import { setTimeout as pause } from 'node:timers/promises';
import {
  FAILOVER_WORKFLOW,
  failoverId,
  type FailoverResult,
  type FailoverSignal,
} from '../replication/failover/messages.ts';
import { TASK_QUEUE } from '../replication/messages.ts';
import { leftText, runsAlreadyText, type Progress } from './failover-text.ts';
import { CommandFailed } from './failure.ts';
import type { ChangeOptions } from './options.ts';
import { note } from './output.ts';
import { queryFailover } from './queries.ts';
import { innermost, isUnknownWorkflow, type Temporal } from './temporal.ts';

const LOOK_EVERY_MS = 300;

/** @throws CommandFailed when one of this replication runs already */
export async function startFailover(
  temporal: Temporal,
  input: { readonly replication: string } & Readonly<Record<string, unknown>>,
): Promise<void> {
  const { replication } = input;
  try {
    await temporal.client.workflow.start(FAILOVER_WORKFLOW, {
      workflowId: failoverId(replication),
      taskQueue: TASK_QUEUE,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
  } catch (error) {
    if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
    throw new CommandFailed(runsAlreadyText(replication, await queryFailover(temporal, replication)), { cause: error });
  }
}

/** @throws CommandFailed when none runs */
export async function sendSignal(
  { client }: Temporal,
  name: string,
  signal: FailoverSignal,
  { by, reason }: ChangeOptions,
): Promise<void> {
  try {
    await client.workflow.getHandle(failoverId(name)).signal(signal, {
      ...(by === undefined ? {} : { by }),
      ...(reason === undefined ? {} : { reason }),
    });
  } catch (error) {
    if (isUnknownWorkflow(error)) throw notUnderWay(name, error);
    throw error;
  }
}

/** @throws CommandFailed when one runs: without its hold others could stop the copying under it */
export async function assertNoFailover({ client }: Temporal, name: string): Promise<void> {
  const { status } = await client.workflow
    .getHandle(failoverId(name))
    .describe()
    .catch((error: unknown) => {
      if (isUnknownWorkflow(error)) return { status: undefined };
      throw error;
    });
  if (status?.name !== 'RUNNING') return;
  throw new CommandFailed(
    `${failoverId(name)} runs, and would go on without its hold; replicator failover ${name} --follow shows it, --send abort ends it before its point of ` +
      `no return; to end it where it stands: temporal workflow terminate -w ${failoverId(name)}, then release`,
  );
}

/** Shows what happens until the failover is over. Who stops looking does not stop it. @throws CommandFailed when none runs, or it fails */
export async function followFailover(temporal: Temporal, name: string, progress: Progress): Promise<FailoverResult> {
  const handle = temporal.client.workflow.getHandle(failoverId(name));
  let isAnswered = true;
  for (;;) {
    const { status } = await handle.describe().catch((error: unknown) => {
      throw isUnknownWorkflow(error) ? notUnderWay(name, error) : error;
    });
    if (status.name !== 'RUNNING') break;
    const now = await queryFailover(temporal, name);
    if (now) progress.show(now);
    else if (isAnswered) note(`no worker answers for failover ${name}; it goes on when one runs: replicator worker`);
    isAnswered = now !== undefined;
    await pause(LOOK_EVERY_MS);
  }
  try {
    const result = (await handle.result()) as FailoverResult;
    progress.show({ ...result, warnings: [] });
    return result;
  } catch (error) {
    // one that was terminated can still be asked
    const left = leftText(await queryFailover(temporal, name).catch(() => undefined));
    throw new CommandFailed(`failover ${name}: ${innermost(error).message}${left}`, { cause: error });
  }
}

function notUnderWay(name: string, cause: unknown): CommandFailed {
  return new CommandFailed(`no failover of ${name} runs; replicator failover ${name} starts one`, { cause });
}
