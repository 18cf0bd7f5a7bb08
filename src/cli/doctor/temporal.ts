import { PUMP_TASK_QUEUE, TASK_QUEUE } from '../../replication/messages.ts';
import { SEARCH_ATTRIBUTES } from '../../replication/search-attributes.ts';
import { innermost, type Temporal } from '../temporal.ts';
import type { Finding } from './finding.ts';

/** temporal.api.enums.v1.TaskQueueType */
const WORKFLOW_TASKS = 1;
const ACTIVITY_TASKS = 2;

/** A worker polls at least once a minute; Temporal remembers pollers for longer. ms */
const POLLED_WITHIN_MS = 90_000;

/** The namespace, the workers on both task queues, the search attributes. @throws ServiceError where Temporal refuses */
export async function checkTemporal(temporal: Temporal): Promise<Finding[]> {
  const { client, address, namespace } = temporal;
  const about = 'Temporal';
  const { config } = await client.workflowService.describeNamespace({ namespace });
  const days = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / 86_400;
  const kept = days > 0 ? `; keeps the history of what has ended for ${Number(days.toFixed(1))} days` : '';
  return [
    { result: 'OK', about, text: `${address}, namespace ${namespace}${kept}` },
    await checkPollers(temporal, TASK_QUEUE, [WORKFLOW_TASKS, ACTIVITY_TASKS], 'control'),
    await checkPollers(temporal, PUMP_TASK_QUEUE, [ACTIVITY_TASKS], 'pump'),
    await checkSearchAttributes(temporal),
  ];
}

async function checkPollers(
  { client, namespace }: Temporal,
  taskQueue: string,
  types: readonly number[],
  role: string,
): Promise<Finding> {
  const about = `task queue ${taskQueue}`;
  const counts = await Promise.all(
    types.map(async (taskQueueType) => {
      const { pollers } = await client.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: taskQueue },
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- its module is not ours to depend on
        taskQueueType,
      });
      const since = Date.now() - POLLED_WITHIN_MS;
      return new Set(
        pollers
          .filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 >= since)
          .map(({ identity }) => identity),
      ).size;
    }),
  );
  const workers = Math.min(...counts);
  return workers > 0
    ? { result: 'OK', about, text: workers === 1 ? '1 worker' : `${workers} workers` }
    : { result: 'WARN', about, text: `no worker; nothing is copied until one runs: replicator worker --role ${role}` };
}

async function checkSearchAttributes({ connection, namespace }: Temporal): Promise<Finding> {
  const about = 'search attributes';
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in customAttributes));
    if (missing.length === 0) return { result: 'OK', about, text: SEARCH_ATTRIBUTES.join(', ') };
    return {
      result: 'WARN',
      about,
      text:
        `${missing.join(', ')} missing: replications run without; a worker adds them where it may, ` +
        'else: temporal operator search-attribute create --type Keyword --name NAME',
    };
  } catch (error) {
    return { result: 'WARN', about, text: `cannot be listed: ${innermost(error).message}` };
  }
}
