import { randomUUID } from 'node:crypto';
import type { Temporal } from '../temporal.ts';
import type { Skew } from './clocks.ts';

/** temporal.api.enums.v1.TaskQueueType */
const WORKFLOW_TASKS = 1;
/** The server refuses a poll that may take less than 2 s. ms */
const POLL_MS = 5_000;
const LOOK_AGAIN_MS = 50;

/**
 * Temporal's clock against ours. No request tells its time, but it notes when somebody last polled a task queue: so this polls one that nobody else
 * knows, and looks. `undefined` where that does not show.
 */
export async function temporalSkew({ client, connection, namespace }: Temporal): Promise<Skew | undefined> {
  const taskQueue = { name: `replicator-doctor-${randomUUID()}` };
  const stop = new AbortController();
  const asked = Date.now();
  const deadline = asked + POLL_MS;
  const poll = connection
    .withAbortSignal(stop.signal, () =>
      connection.withDeadline(deadline, () =>
        client.workflowService.pollWorkflowTaskQueue({ namespace, taskQueue, identity: 'replicator doctor' }),
      ),
    )
    .catch(() => undefined);
  try {
    while (Date.now() < deadline) {
      const answer = await client.workflowService.describeTaskQueue({
        namespace,
        taskQueue,
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- its module is not ours to depend on
        taskQueueType: WORKFLOW_TASKS,
      });
      const answered = Date.now();
      const seen = answer.pollers[0]?.lastAccessTime;
      if (seen) {
        const time = Number(seen.seconds) * 1000 + Math.floor((seen.nanos ?? 0) / 1_000_000);
        return { least: time - answered, most: time + 1 - asked };
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    return undefined;
  } finally {
    stop.abort();
    await poll;
  }
}
