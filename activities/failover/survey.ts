import type { Client } from '@temporalio/client';
import {
  acceptsFrom,
  alsoFenced,
  answeringBrokers,
  lagOf,
  refusingBrokers,
  topicsThatDiffer,
} from '../../src/failover/survey.ts';
import { readSwitches } from '../../src/failover/group-fence.ts';
import { beyondEnds } from '../../src/groups/beyond-ends.ts';
import { findLostGroups } from '../../src/groups/lost-groups.ts';
import { findMovingGroups, type MovingGroups, type MovingGroupsOptions } from '../../src/groups/moving-groups.ts';
import { readEnds } from '../../src/failover/cut.ts';
import { goneText, topicsOn } from '../../src/failover/topics-on.ts';
import { brokersOf, readPerms } from '../../src/failover/topic-perms.ts';
import { readJournal } from '../../src/journal/journal.ts';
import { pause } from '../../src/pump/time.ts';
import { ENABLED_BY_HAND, WRITABLE_BY_HAND } from '../../src/replication/failover/by-hand.ts';
import type { ReplicationStatus } from '../../src/replication/messages.ts';
import { placesOf, sourcesOf, type QueueRange } from '../../src/replication/queue-map.ts';
import { workflowId } from '../../src/replication/names.ts';
import type { GroupsView } from '../../src/replication/group-progress.ts';
import { producedTopics } from '../../src/replication/retry-topics.ts';
import { runningReplications } from '../../src/temporal/running-replications.ts';
import type { Cluster } from '../../src/transport/types.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { orNotRunning } from './not-running.ts';
import type { LostSurvey, Survey, SurveyInput } from './types.ts';

const QUERY_MS = 10_000;
/** The sync of groups tells within 5 s what has changed. ms */
const TOLD_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 1000;

/** See `FailoverActivities.survey`. */
export async function survey(
  { client, openCluster }: ActivityDependencies,
  { replication, fence, heldBy }: SurveyInput,
): Promise<Survey> {
  const status = await statusOf(client, replication);
  const [source, destination] = moving(status).map((name) => openCluster(name)) as [Cluster, Cluster];
  const map = await mapOf(source, destination, replication);
  const { present: topics, gone } = await topicsOn(source.admin, status.topics, sourcesOf(map));
  const { present: there } = await topicsOn(destination.admin, topics, placesOf(map));
  const produced = producedTopics(topics);
  const [brokers, destinationBrokers] = await Promise.all([
    brokersOf(source.admin, topics),
    brokersOf(destination.admin, there),
  ]);
  const groups = await groupsThatMove(client, status, {
    ...{ source, destination, sourceBrokers: brokers, destinationBrokers, topics: produced },
    ...{ groups: status.input.groups, resetOnline: status.input.resetOnline },
  });
  const switches = await readSwitches(source.admin, [...groups.moving, ...groups.idle]);
  const before = {
    perms: await readPerms(source.admin, produced),
    brokers: await acceptsFrom(source.admin, brokers),
    // what a move disabled that was cut short is not meant to stay so
    groups: switches.map((one) => (groups.fenced.includes(one.group) ? { ...one, consumeEnable: true } : one)),
  };
  const problems = [
    ...ofReplication({ ...status, blocked: status.blocked.filter(({ topic }) => !gone.includes(topic)) }, heldBy),
    ...groups.problems,
    ...(await beyondEnds(source, brokers, groups.moving, () => readEnds(source, topics))),
    ...(await topicsThatDiffer(source, destination, produced)),
    ...(await refusingBrokers(source, before.brokers)),
    ...(await refusingBrokers(destination, await acceptsFrom(destination.admin, destinationBrokers))),
  ];
  const warnings = [...groups.warnings, ...gone.map((topic) => goneText(topic, source))];
  if (fence === 'broker')
    warnings.push(
      ...(await alsoFenced(source, topics, brokers)),
      ...(await otherTasks(client, replication, source.name)),
    );
  return {
    source: source.name,
    destination: destination.name,
    mode: status.mode,
    home: destination.name === status.source,
    topics,
    groups: groups.moving,
    idleGroups: groups.idle,
    problems,
    warnings,
    behind: await lagOf(source, { replication, source: source.name, destination: destination.name }, topics),
    before,
    destinationEnds: await readEnds(destination, there),
    destinationPerms: await readPerms(destination.admin, producedTopics(there)),
  };
}

/** See `FailoverActivities.surveyLost`. */
export async function surveyLost(
  { client, openCluster }: ActivityDependencies,
  { replication, heldBy }: Omit<SurveyInput, 'fence'>,
): Promise<LostSurvey> {
  const status = await statusOf(client, replication);
  const [source, destination] = moving(status).map((name) => openCluster(name)) as [Cluster, Cluster];
  const { admin } = destination;
  const map = await mapOf(source, destination, replication);
  const { present: topics, gone } = await topicsOn(admin, status.topics, placesOf(map));
  const destinationBrokers = await brokersOf(admin, topics);
  const accepting = await acceptsFrom(admin, destinationBrokers);
  const problems = [...ofTask(status, heldBy), ...(await refusingBrokers(destination, accepting))];
  const { some, away } = await answeringBrokers(
    source,
    status.topics,
    map.map(({ from }) => from.broker),
  );
  if (away.length === 0) problems.push(notLost(source.name, status));
  const answering = some.map(
    (broker) =>
      `broker ${broker} of ${source.name} still answers (${away.join(', ')} not): stop its producers, or what they write arrives when copying goes on`,
  );
  const { groups, warnings } = await findLostGroups({
    ...{ source: source.name, destination, brokers: destinationBrokers, topics: producedTopics(topics) },
    ...{ groups: status.input.groups, told: await groupsOf(client, status) },
  });
  return {
    source: source.name,
    destination: destination.name,
    topics,
    groups,
    problems,
    warnings: [...answering, ...gone.map((topic) => goneText(topic, destination)), ...warnings],
    destinationPerms: await readPerms(admin, producedTopics(topics)),
  };
}

/** Why there is no failover from here; after one that was cut short, what is left to do for that. */
export function notLost(source: string, { name, lost }: Pick<ReplicationStatus, 'name' | 'lost'>): string {
  const answers = `${source} is not lost, every broker of these topics answers`;
  if (!lost) return `${answers}; move with a switchover, which loses nothing`;
  return (
    `${answers}: a failover has moved the application there when ${lost.cluster} was lost, ${lost.since}; if that failover was terminated, make the topics writable ` +
    `on ${source} and enable the groups there: ${WRITABLE_BY_HAND}; ${ENABLED_BY_HAND}; when ${lost.cluster} is back: replicator failback ${name}`
  );
}

async function mapOf(source: Cluster, destination: Cluster, replication: string): Promise<readonly QueueRange[]> {
  const flow = { replication, source: source.name, destination: destination.name };
  return (await readJournal(destination, flow))?.map ?? [];
}

/** What the sync told last may be some seconds old: a group that was out of step then is looked at again before it stands in the way. */
async function groupsThatMove(
  client: Client,
  status: ReplicationStatus,
  options: Omit<MovingGroupsOptions, 'told'>,
): Promise<MovingGroups & { readonly fenced: readonly string[] }> {
  const deadline = performance.now() + TOLD_WITHIN_MS;
  for (;;) {
    const told = await groupsOf(client, status);
    const found = await findMovingGroups({ ...options, told });
    if (found.problems.length === 0 || performance.now() > deadline) return { ...found, fenced: told.fenced ?? [] };
    await pause(LOOK_AGAIN_MS);
  }
}

type Told = Omit<GroupsView, 'source' | 'destination'>;

/** What the replication's sync of groups told last. */
async function groupsOf(client: Client, { name, input }: ReplicationStatus): Promise<Told> {
  if (input.groups.length === 0) return { groups: [], more: { groups: 0, queues: 0 }, troubles: [] };
  return await client.withDeadline(Date.now() + QUERY_MS, () =>
    client.workflow.getHandle(workflowId(name)).query<GroupsView>('groups'),
  );
}

export async function statusOf(client: Client, replication: string): Promise<ReplicationStatus> {
  return await client
    .withDeadline(Date.now() + QUERY_MS, () =>
      client.workflow.getHandle(workflowId(replication)).query<ReplicationStatus>('status'),
    )
    .catch((error: unknown) => {
      throw orNotRunning(replication, error);
    });
}

/** The cluster where the application is served now, and the one that it moves to. */
function moving({ source, destination, primary = source }: ReplicationStatus): [string, string] {
  return primary === source ? [source, destination] : [destination, source];
}

/** Why this task cannot be moved at all: somebody else holds it. */
export function ofTask({ name, heldBy: holder }: ReplicationStatus, heldBy: string | undefined): string[] {
  if (holder === undefined || holder === heldBy) return [];
  return [`replication ${name} is held by ${holder}; wait for that, or release it`];
}

function ofReplication(status: ReplicationStatus, heldBy: string | undefined): string[] {
  const { name, state, blocked, lost } = status;
  const problems = ofTask(status, heldBy);
  if (lost)
    problems.push(
      `replication ${name} waits for a failback since ${lost.since}, when ${lost.cluster} was lost: replicator failback ${name}`,
    );
  else if (state !== 'RUNNING') problems.push(`replication ${name} is ${state}; expected RUNNING, resume it first`);
  const [from] = moving(status);
  for (const { source = from, topic, broker, queue, reason } of blocked)
    // what is blocked in the other direction is already where the application moves to
    if (source === from)
      problems.push(`queue ${topic}/${broker}/${queue} is blocked, and would never be drained: ${reason}`);
  return problems;
}

/** Other replications into the brokers that are fenced. */
async function otherTasks(client: Client, replication: string, source: string): Promise<string[]> {
  const into = (await runningReplications(client)).filter(
    (other) => other.destination === source && other.replication !== replication,
  );
  return into.map(
    (other) => `fence: broker stops replication ${other.replication} meanwhile, which copies into ${source}`,
  );
}
