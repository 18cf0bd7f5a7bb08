import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { z } from 'zod';
import type { ControlActivities } from '../../activities/types.ts';
import type {
  CopiedQueues,
  GroupsReport,
  GroupsSummary,
  GroupsView,
  SyncGroupsInput,
} from '../../src/replication/group-progress.ts';
import { pumpId } from '../../src/replication/messages.ts';
import { causeOf } from './causes.ts';
import type { FlowState } from './flow-state.ts';
import { outcomeOf } from './let-go.ts';
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

const { syncGroupsOnce } = proxyActivities<ControlActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '10s',
  scheduleToCloseTimeout: '2 minutes',
});

/** Has the progress of the flow's groups follow, by one activity after the other, while the flow is copied and is the primary one. */
export class GroupSyncing {
  readonly #task: Task;
  readonly #flow: FlowState;
  readonly #changed: () => void;

  constructor(task: Task, flow: FlowState, changed: () => void) {
    this.#task = task;
    this.#flow = flow;
    this.#changed = changed;
  }

  /** Until the surrounding scope is cancelled. When it resolves, no group is moved any more. */
  async run(): Promise<void> {
    const all = CancellationScope.current();
    for (let failures = 0; !all.consideredCancelled;) {
      const scope = new CancellationScope();
      const input = syncInputOf(this.#task, this.#flow);
      void scope
        .run(() => this.#outdated(input))
        .then(
          () => {
            scope.cancel();
          },
          () => undefined,
        );
      try {
        if (input) await scope.run(() => this.#sync(input));
        else await this.#rest(scope);
        failures = 0;
      } catch (error) {
        if (scope.consideredCancelled) continue;
        this.#flow.groupTroubles = [`the progress of groups does not follow: ${causeOf(error)}`];
        this.#changed();
        await scope.run(() => sleep(backOff(++failures))).catch(() => undefined);
      } finally {
        scope.cancel();
      }
    }
  }

  /** Resolves when the task says something else. Conditions are looked at often, so what has not changed is not compared anew. */
  async #outdated(input: SyncGroupsInput | undefined): Promise<void> {
    const [task, flow, settings] = [this.#task, this.#flow, JSON.stringify(input)];
    let seen: readonly unknown[] = [];
    await condition(() => {
      const now = [
        task.primary,
        task.hold?.ownsGroups,
        task.input,
        ...task.flows.flatMap(({ map, histories }) => [map, histories]),
      ];
      if (now.every((part, index) => part === seen[index])) return false;
      seen = now;
      return JSON.stringify(syncInputOf(task, flow)) !== settings;
    });
  }

  /** What was told of groups on this way does not count any more, unless somebody moves them who may be cut short. */
  async #rest(scope: CancellationScope): Promise<void> {
    if (!this.#task.hold?.ownsGroups) delete this.#flow.groups;
    delete this.#flow.groupTroubles;
    await scope.cancelRequested;
  }

  /** Once somebody else owns the groups: when it resolves, no sync moves any of them any more that hold ends. */
  async handOver(): Promise<void> {
    await condition(() => this.#flow.sync === undefined);
  }

  /** One exact sync of these groups after `handOver`. Their consumers at the destination are told. @throws ActivityFailure */
  async place(groups: readonly string[]): Promise<GroupsSummary> {
    return await syncGroupsOnce({ ...flowInputOf(this.#task, this.#flow), groups, resetOnline: groups });
  }

  async #sync(input: SyncGroupsInput): Promise<void> {
    const activityId = `groups-${++this.#task.pumpsBegun}`;
    this.#flow.sync = pumpId(workflowInfo().runId, activityId);
    try {
      await outcomeOf(syncGroups(activityId, input), activityId);
    } finally {
      delete this.#flow.sync;
    }
  }
}

/** Progress goes from where the application is served to the other side, and nothing goes the other way. */
function syncInputOf(task: Task, flow: FlowState): SyncGroupsInput | undefined {
  const { groups, resetOnline } = task.input;
  if (flow !== primaryFlow(task) || groups.length === 0 || task.hold?.ownsGroups) return undefined;
  return { ...flowInputOf(task, flow), groups, resetOnline };
}

function flowInputOf({ name, flows }: Task, flow: FlowState): Omit<SyncGroupsInput, 'groups' | 'resetOnline'> {
  const { source, destination } = flow;
  const back = flows.find((other) => other.source === destination);
  return { replication: name, source, destination, ...copiedQueues(flow), ...(back && { back: copiedQueues(back) }) };
}

function copiedQueues({ map, histories }: FlowState): CopiedQueues {
  return { queues: map, histories };
}

export function primaryFlow({ flows, primary }: Task): FlowState {
  return flows.find(({ source }) => source === primary) ?? flows[0]!;
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
      disabled: z.boolean().optional(),
      queues: z.array(
        z.object({
          topic: z.string(),
          broker: z.string(),
          queue: offset,
          to: z.object({ broker: z.string(), queue: offset }),
          source: offset.optional(),
          sourceLag: offset.optional(),
          translated: offset.optional(),
          repeated: offset.optional(),
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

/** The application is served there from now on; what was told of groups, and done to them, where it was served before does not count any more. */
export function serveAt(task: Task, primary: string): void {
  task.primary = primary;
  delete task.fenced;
  for (const flow of task.flows) delete flow.groups;
}

/** Only the sync at work tells how groups stand now. */
export function applyGroupsReport(task: Task, report: GroupsReport): void {
  const flow = task.flows.find(({ sync }) => sync === report.sync);
  if (!flow) return;
  const enabled = new Set(report.groups.flatMap(({ group, disabled = false }) => (disabled ? [] : [group])));
  if (task.fenced) task.fenced = task.fenced.filter((group) => !enabled.has(group));
  // one that begins while a cluster is away has seen no group yet
  if (report.groups.length > 0 || report.troubles.length === 0) flow.groups = report;
  flow.groupTroubles = report.troubles;
}

export function groupsOf(task: Task): GroupsView {
  const { flows, fenced = [] } = task;
  const { source, destination } = primaryFlow(task);
  const reports = flows.flatMap(({ groups }) => groups ?? []);
  const latest = reports
    .map(({ at }) => at)
    .sort()
    .at(-1);
  return {
    ...{ source, destination },
    ...(latest !== undefined && { at: latest }),
    groups: reports.flatMap(({ groups }) => groups),
    more: {
      groups: reports.reduce((sum, { more }) => sum + more.groups, 0),
      queues: reports.reduce((sum, { more }) => sum + more.queues, 0),
    },
    troubles: flows.flatMap(({ groupTroubles = [] }) => groupTroubles),
    ...(fenced.length > 0 && { fenced }),
  };
}
