import type { LoadedConfig } from '../../config/types.ts';
import { movesOf, type GroupLook } from '../../groups/group-look.ts';
import { withGroupSync } from '../../groups/open-sync.ts';
import { describeGroups } from '../../groups/report-groups.ts';
import { readJournal } from '../../journal/journal.ts';
import { ByteBudget } from '../../pump/byte-budget.ts';
import type { FlowKnowledge } from '../../replication/flow-knowledge.ts';
import type { CopiedQueues, GroupProgress, GroupsView } from '../../replication/group-progress.ts';
import type { ReplicationInput } from '../../replication/input.ts';
import type { Cluster } from '../../transport/types.ts';
import { withCluster } from '../clusters.ts';
import { describeExecution } from '../executions.ts';
import { CommandFailed, messageOf } from '../failure.ts';
import { queryGroups, queryStatus } from '../queries.ts';
import { configIfThere, noSuchReplication } from '../status/list.ts';
import { startedAs } from '../status/report.ts';
import type { Temporal } from '../temporal.ts';
import { within } from '../time-limit.ts';

/** Where the groups of a replication stand. */
export interface GroupsReport {
  readonly name: string;
  /** Where the groups are served, as the worker says; without one, the replication's source. */
  readonly source: string;
  readonly destination: string;
  /** `now`: read from both clusters. `reported`: as the worker told last, because the clusters do not answer. */
  readonly read: 'now' | 'reported';
  /** ISO 8601 time of the worker's last report; absent where there is none. */
  readonly reportedAt?: string;
  /** Why the clusters were not read. */
  readonly notRead?: string;
  readonly groups: readonly GroupProgress[];
  /** What the worker retries. */
  readonly troubles: readonly string[];
}

/** How long RocketMQ may take. ms */
const READ_MS = 60_000;
const MEMORY = 16 * 1024 * 1024;
const ALL = { groups: Infinity, queues: Infinity };

/** @throws CommandFailed where nobody knows the replication, or it has no groups, or nobody can say how they stand */
export async function groupsReport(temporal: Temporal, name: string, file: string | undefined): Promise<GroupsReport> {
  const [config, execution] = await Promise.all([configIfThere(file), describeExecution(temporal, name)]);
  const entry = config?.replications.get(name);
  if (!execution && !entry) throw noSuchReplication(temporal, name, config);
  const running = execution?.status === 'RUNNING';
  const [status, view] = running
    ? await Promise.all([queryStatus(temporal, name), queryGroups(temporal, name)])
    : [undefined, undefined];
  const input = status?.input ?? (running ? await startedAs(temporal, name) : undefined) ?? entry;
  if (!input) throw new CommandFailed(`replication ${name}: no worker says what it copies, and no file names it`);
  if (input.groups.length === 0) throw new CommandFailed(`replication ${name} copies no groups; name some in groups`);
  const { source, destination } = wayOf(input, view);
  const common = {
    ...{ name, source, destination, troubles: view?.troubles ?? [] },
    ...(view?.at !== undefined && { reportedAt: view.at }),
  };
  try {
    const groups = await within(READ_MS, 'RocketMQ', readGroups(name, input, config, view));
    return { ...common, read: 'now', groups };
  } catch (error) {
    if (view?.at === undefined) throw error;
    return { ...common, read: 'reported', notRead: messageOf(error), groups: view.groups };
  }
}

async function readGroups(
  name: string,
  input: ReplicationInput,
  config: LoadedConfig | undefined,
  view: GroupsView | undefined,
): Promise<GroupProgress[]> {
  const way = wayOf(input, view);
  const [from, to] = [way.source, way.destination].map((cluster) => {
    const found = config?.clusters.get(cluster);
    if (!found) throw new CommandFailed(`no configuration file names the cluster ${cluster}`);
    return found;
  }) as [Parameters<typeof withCluster>[0], Parameters<typeof withCluster>[0]];
  return await withCluster(from, (source) =>
    withCluster(to, async (destination) => await look(name, input, source, destination, view)),
  );
}

/** Progress follows from where the application is served. */
function wayOf({ source, destination }: ReplicationInput, view: GroupsView | undefined) {
  return view?.source === destination ? { source: destination, destination: source } : { source, destination };
}

async function look(
  name: string,
  { mode, groups, resetOnline }: ReplicationInput,
  source: Cluster,
  destination: Cluster,
  view: GroupsView | undefined,
): Promise<GroupProgress[]> {
  const flow = { replication: name, source: source.name, destination: destination.name };
  const known = await readJournal(destination, flow);
  if (!known)
    throw new CommandFailed(
      `replication ${name} has copied nothing yet: cluster ${destination.name} holds no journal of it`,
    );
  const back = await readJournal(source, { ...flow, source: destination.name, destination: source.name });
  const options = { source, destination, budget: new ByteBudget(MEMORY) };
  const input = {
    ...{ ...flow, ...copiedQueues(known), groups, resetOnline },
    ...((mode === 'two-way' || (back && back.map.length > 0)) && { back: copiedQueues(back) }),
  };
  const looks = await withGroupSync(input, options, (sync) => sync.look());
  const syncedAt = new Map(
    view?.groups.flatMap((group) => (group.syncedAt === undefined ? [] : [[group.group, group.syncedAt]])),
  );
  const told = new Map(view?.groups.map(({ group, problem }) => [group, problem]));
  const found = looks.map((one) => withProblem(one, told.get(one.group)));
  return [...(await describeGroups(found, syncedAt, { source, destination }, ALL)).groups];
}

function copiedQueues(known: FlowKnowledge | undefined): CopiedQueues {
  return { queues: known?.map ?? [], histories: known?.histories ?? {} };
}

/** What only the worker sees, such as who is online at the destination, explains why a group has not moved. */
function withProblem(found: GroupLook, told: string | undefined): GroupLook {
  const problem = found.problem ?? (movesOf(found).length > 0 ? told : undefined);
  return { ...found, ...(problem !== undefined && { problem }) };
}
