import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { CommandAnswer } from '../../src/replication/messages.ts';
import { workflowId } from '../../src/replication/names.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { orNotRunning } from './not-running.ts';
import type { CommandInput } from './types.ts';

/** A replication answers an update within 30 s. */
const ANSWER_MS = 35_000;
const ASK_AGAIN_MS = 1000;

/** Asks again, by the same `operationId`, while the command is under way. */
export async function commandReplication(
  { client }: ActivityDependencies,
  { replication, command, input }: CommandInput,
  signal: AbortSignal,
): Promise<CommandAnswer> {
  const handle = client.workflow.getHandle(workflowId(replication));
  for (;;) {
    try {
      const answer = await client.withDeadline(Date.now() + ANSWER_MS, () =>
        handle.executeUpdate<CommandAnswer, [object]>(command, { args: [input] }),
      );
      if (answer.done || answer.operation === undefined) return answer;
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError)
        return { done: false, reason: error.cause?.message ?? error.message };
      throw orNotRunning(replication, error);
    }
    await sleep(ASK_AGAIN_MS, undefined, { signal });
  }
}
