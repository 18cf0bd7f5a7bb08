import {
  ActivityCancellationType,
  CancellationScope,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { z } from 'zod';
import type { ControlActivities, SyncGroupsInput } from '../../activities/types.ts';
import type { GroupsReport, GroupsView } from '../../src/replication/group-progress.ts';
import { pumpId } from '../../src/replication/messages.ts';
import { causeOf } from './causes.ts';
import type { FlowState } from './flow-state.ts';
import { backOff } from './preparing.ts';
import type { Task } from './task.ts';

function syncGroups(activityId: string, input: SyncGroupsInput) {
  return proxyActivities<ControlActivities>({
    activityId,
    startToCloseTimeout: '7 hours',
    heartbeatTimeout: '10s',
    // when groups are moved by somebody else, nobody may still be moving them from here
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '1s', backoffCoefficient: 1 },
  }).syncGroups(input);
}

/** Has the progress of the flow's groups follow, by one activity after the other, as long as the flow is copied. */
export class GroupSyncing {
  readonly #task: Task;
  readonly #flow: FlowState;
  readonly #changed: () => void;
  #scope: CancellationScope | undefined;
  /** What the activity at work was started with. */
  #settings = '';

  constructor(task: Task, flow: FlowState, changed: () => void) {
    this.#task = task;
    this.#flow = flow;
    this.#changed = changed;
  }

  /** Until the surrounding scope is cancelled. When it resolves, no group is moved any more. */
  async run(): Promise<void> {
    const all = CancellationScope.current();
    for (let failures = 0; !all.consideredCancelled;) {
      const scope = (this.#scope = new CancellationScope());
      const input = syncInputOf(this.#task, this.#flow);
      this.#settings = JSON.stringify(input);
      try {
        if (input.groups.length === 0) await scope.cancelRequested;
        else await scope.run(() => this.#sync(input));
        failures = 0;
      } catch (error) {
        if (scope.consideredCancelled) continue;
        this.#flow.groupTroubles = [`the progress of groups does not follow: ${causeOf(error)}`];
        this.#changed();
        await scope.run(() => sleep(backOff(++failures))).catch(() => undefined);
      }
    }
  }

  /** Has it go on with what the flow now says, where that is something else. */
  renew(): void {
    if (JSON.stringify(syncInputOf(this.#task, this.#flow)) !== this.#settings) this.#scope?.cancel();
  }

  async #sync(input: SyncGroupsInput): Promise<void> {
    const activityId = `groups-${++this.#task.pumpsBegun}`;
    this.#flow.sync = pumpId(workflowInfo().runId, activityId);
    try {
      await syncGroups(activityId, input);
    } finally {
      delete this.#flow.sync;
    }
  }
}

/** Progress goes one way: on the way back, messages of the other side that wait there would be skipped. */
function syncInputOf({ name, input, flows }: Task, flow: FlowState): SyncGroupsInput {
  const { source, destination, map, histories } = flow;
  const { groups, resetOnline } = flow === flows[0] ? input : { groups: [], resetOnline: [] };
  return { replication: name, source, destination, queues: map, histories, groups, resetOnline };
}

const offset = z.number().min(0);

/** Not strict: a sync of a later release may tell more. */
export const groupsReport = z.object({
  sync: z.string(),
  at: z.string(),
  groups: z.array(
    z.object({
      group: z.string(),
      problem: z.string().optional(),
      syncedAt: z.string().optional(),
      queues: z.array(
        z.object({
          topic: z.string(),
          broker: z.string(),
          queue: offset,
          to: z.object({ broker: z.string(), queue: offset }),
          source: offset.optional(),
          sourceLag: offset.optional(),
          translated: offset.optional(),
          destination: offset.optional(),
          destinationLag: offset.optional(),
        }),
      ),
      retries: offset.optional(),
    }),
  ),
  more: z.object({ groups: offset, queues: offset }),
  troubles: z.array(z.string()),
}) as z.ZodType<GroupsReport>;

/** Only the sync at work tells how groups stand now. */
export function applyGroupsReport({ flows }: Task, report: GroupsReport): void {
  const flow = flows.find(({ sync }) => sync === report.sync);
  if (!flow) return;
  flow.groups = report;
  flow.groupTroubles = report.troubles;
}

export function groupsOf({ flows }: Task): GroupsView {
  const reports = flows.flatMap(({ groups }) => groups ?? []);
  const latest = reports
    .map(({ at }) => at)
    .sort()
    .at(-1);
  return {
    ...(latest !== undefined && { at: latest }),
    groups: reports.flatMap(({ groups }) => groups),
    more: {
      groups: reports.reduce((sum, { more }) => sum + more.groups, 0),
      queues: reports.reduce((sum, { more }) => sum + more.queues, 0),
    },
    troubles: flows.flatMap(({ groupTroubles = [] }) => groupTroubles),
  };
}
