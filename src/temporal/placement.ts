import type { Client } from '@temporalio/client';
import { PUMP_TASK_QUEUE } from '../replication/messages.ts';
import type { SurplusPump } from '../replication/topology.ts';

/** Where the pumps of a replication run, and who else could run them. Times are Temporal's. */
export interface Placement {
  readonly pumps: readonly PlacedPump[];
  readonly pollers: readonly Poller[];
}

export interface PlacedPump {
  readonly activityId: string;
  /** Identity of the worker; `undefined` while the pump is about to start or to end. */
  readonly worker: string | undefined;
  /** ms since 1970 */
  readonly startedAt: number;
}

export interface Poller {
  readonly worker: string;
  /** When it last asked for work. ms since 1970 */
  readonly polledAt: number;
}

/**
 * The pumps to be restarted so that no worker has two more than another one that is there for them. A worker counts as there when it has asked
 * for work since the pump was started: one that was killed is listed for some minutes, but got its last chance before its pumps went elsewhere.
 * @param settled pumps that stay where they are until then, by activity
 */
export function surplusPumps(
  { pumps, pollers }: Placement,
  settled: Readonly<Record<string, number>>,
  now: number,
): SurplusPump[] {
  const counts = new Map(pollers.map(({ worker }) => [worker, 0]));
  for (const { worker } of pumps) {
    // wait until things are calm
    if (worker === undefined) return [];
    counts.set(worker, (counts.get(worker) ?? 0) + 1);
  }
  const surplus: SurplusPump[] = [];
  const movable = pumps.filter(({ activityId }) => (settled[activityId] ?? 0) <= now);
  for (const { activityId, worker, startedAt } of movable.toSorted((a, b) => (a.activityId < b.activityId ? -1 : 1))) {
    const free = pollers.filter(
      (poller) => poller.polledAt > startedAt && counts.get(poller.worker)! + 2 <= counts.get(worker!)!,
    );
    const freest = free.toSorted((a, b) => counts.get(a.worker)! - counts.get(b.worker)!)[0];
    if (!freest) continue;
    counts.set(worker!, counts.get(worker!)! - 1);
    counts.set(freest.worker, counts.get(freest.worker)! + 1);
    surplus.push({ activityId, worker: worker! });
  }
  return surplus;
}

/** temporal.api.enums.v1.TaskQueueType */
const ACTIVITY_TASKS = 2;
/** temporal.api.enums.v1.PendingActivityState */
const STARTED = 2;

const ANSWER_MS = 5000;

/** @throws ServiceError where Temporal does not answer */
export async function placementOf(client: Client, workflowId: string): Promise<Placement> {
  return await client.withDeadline(Date.now() + ANSWER_MS, async () => {
    const [{ raw }, { pollers }] = await Promise.all([
      client.workflow.getHandle(workflowId).describe(),
      client.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: PUMP_TASK_QUEUE },
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- its module is not ours to depend on
        taskQueueType: ACTIVITY_TASKS,
      }),
    ]);
    const pumps = (raw.pendingActivities ?? []).filter(({ activityType }) => activityType?.name === 'pump');
    return {
      pumps: pumps.map(({ activityId, state, lastWorkerIdentity, lastStartedTime }) => ({
        activityId: activityId ?? '',
        worker: Number(state) === STARTED ? (lastWorkerIdentity ?? undefined) : undefined,
        startedAt: milliseconds(lastStartedTime),
      })),
      pollers: pollers.map(({ identity, lastAccessTime }) => ({
        worker: identity ?? '',
        polledAt: milliseconds(lastAccessTime),
      })),
    };
  });
}

function milliseconds(time: { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
}
