import { Context } from '@temporalio/activity';
import type { ActivityDependencies } from './dependencies.ts';

const ANSWER_MS = 5000;

/** See `ControlActivities.unpause`. */
export async function unpause({ client }: ActivityDependencies, activityId: string): Promise<void> {
  const { workflowExecution, namespace } = Context.current().info;
  const execution = { workflowId: workflowExecution!.workflowId, runId: workflowExecution!.runId };
  await client.withDeadline(Date.now() + ANSWER_MS, () =>
    client.workflowService.unpauseActivity({ namespace, execution, id: activityId }),
  );
}
