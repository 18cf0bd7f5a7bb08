import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { GroupLook } from '../src/groups/group-look.ts';
import { GroupReporter } from '../src/groups/group-reporter.ts';
import type { GroupSync } from '../src/groups/group-sync.ts';
import { MayNotWrite } from '../src/groups/move-group.ts';
import { withGroupSync } from '../src/groups/open-sync.ts';
import { describeGroups, REPORT_LIMITS } from '../src/groups/report-groups.ts';
import { Lease, now } from '../src/pump/lease.ts';
import { pause } from '../src/pump/time.ts';
import {
  GROUPS_REPORT,
  type GroupsReport,
  type GroupsSummary,
  type SyncGroupsInput,
  type SyncProgress,
} from '../src/replication/group-progress.ts';
import { Attempt, AttemptSuperseded } from '../src/temporal/attempt.ts';
import type { Cluster } from '../src/transport/types.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAttempt } from './run-attempt.ts';

/** Half of the second that progress may take to be seen. */
const ROUND_MS = 500;
/** How often Temporal is asked whether the attempt still counts; well within `LEASE_MS`. */
const CONFIRM_MS = 2000;
const REPORT_TIMEOUT_MS = 5000;
const STINT_MS = 6 * 3600 * 1000;

/** See `ControlActivities.syncGroups`. */
export async function syncGroups(dependencies: ActivityDependencies, input: SyncGroupsInput): Promise<void> {
  const work = new SyncAttempt(dependencies, input);
  const { attempt } = work;
  const reporter = new GroupReporter({
    ...work.clusters,
    send: (found) => sendReport(dependencies.client, attempt.workflowId, { sync: attempt.pump, ...found }),
  });
  const over = performance.now() + STINT_MS;
  await work.run(async (sync) => {
    let looks: GroupLook[] = [];
    let telling: Promise<void> | undefined;
    while (!attempt.ended.aborted && performance.now() < over) {
      const began = performance.now();
      let troubles: string[] = [];
      try {
        await work.confirm();
        looks = await sync.round();
      } catch (error) {
        if (error instanceof AttemptSuperseded) throw error;
        troubles = [error instanceof Error ? error.message : String(error)];
      }
      const outOfStep = looks.filter(({ problem }) => problem !== undefined).length;
      work.progress = { groups: looks.length, outOfStep, requests: sync.requests, troubles };
      // groups do not wait for what is told of them; what could not be told is told next time
      telling ??= reporter
        .tell(looks, troubles)
        .catch(() => undefined)
        .finally(() => {
          telling = undefined;
        });
      await pause(ROUND_MS - (performance.now() - began), attempt.ended);
    }
    await telling;
    attempt.ended.throwIfAborted();
  });
}

/** See `ControlActivities.syncGroupsOnce`. */
export async function syncGroupsOnce(
  dependencies: ActivityDependencies,
  input: SyncGroupsInput,
): Promise<GroupsSummary> {
  const work = new SyncAttempt(dependencies, input);
  return await work.run(async (sync) => {
    await work.confirm();
    const looks = await sync.lastRound();
    const at = new Date().toISOString();
    const inStep = looks.filter(({ problem }) => problem === undefined);
    const syncedAt = new Map(inStep.map(({ group }) => [group, at]));
    const found = await describeGroups(looks, syncedAt, work.clusters, REPORT_LIMITS);
    return { ...found, total: looks.length, outOfStep: looks.length - inStep.length, requests: sync.requests };
  });
}

/** One attempt at syncing. It writes only while Temporal has lately said that it counts: a process that was frozen has been replaced. */
class SyncAttempt {
  readonly attempt: Attempt;
  readonly clusters: { readonly source: Cluster; readonly destination: Cluster };
  /** Told with each heartbeat. */
  progress: SyncProgress = { groups: 0, outOfStep: 0, requests: 0, troubles: [] };
  readonly #dependencies: ActivityDependencies;
  readonly #input: SyncGroupsInput;
  readonly #lease = new Lease();
  #confirmedAt = -Infinity;

  constructor(dependencies: ActivityDependencies, input: SyncGroupsInput) {
    const { client, openCluster } = dependencies;
    this.attempt = new Attempt(Context.current(), client);
    this.clusters = { source: openCluster(input.source), destination: openCluster(input.destination) };
    this.#dependencies = dependencies;
    this.#input = input;
  }

  async run<T>(work: (sync: GroupSync) => Promise<T>): Promise<T> {
    const options = {
      ...this.clusters,
      budget: this.#dependencies.budget,
      signal: this.attempt.ended,
      assertCurrent: () => {
        this.#assertCurrent();
      },
    };
    return await runAttempt(
      this.attempt,
      () => this.progress,
      () => withGroupSync(this.#input, options, work),
    );
  }

  /** Allows writing for a while. @throws AttemptSuperseded */
  async confirm(): Promise<void> {
    const asked = now();
    if (asked.monotonic - this.#confirmedAt < CONFIRM_MS) return;
    await this.attempt.assertCurrent();
    this.#lease.renew(asked);
    this.#confirmedAt = asked.monotonic;
  }

  #assertCurrent(): void {
    if (this.attempt.ended.aborted || !this.#lease.valid)
      throw new MayNotWrite('this sync was told to end, or cannot be sure that it still counts');
  }
}

/** To whatever run is current: a report counts only from the sync that is at work there. */
async function sendReport(client: Client, workflowId: string, report: GroupsReport): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  await client.withDeadline(Date.now() + REPORT_TIMEOUT_MS, () => handle.signal(GROUPS_REPORT, report));
}
