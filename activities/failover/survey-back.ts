import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { acceptsFrom, answeringBrokers, refusingBrokers, topicsThatDiffer } from '../../src/failover/survey.ts';
import { readSwitches } from '../../src/failover/group-fence.ts';
import { topicsOn } from '../../src/failover/topics-on.ts';
import { brokersOf, readPerms } from '../../src/failover/topic-perms.ts';
import { wouldMove } from '../../src/groups/moving-groups.ts';
import type { ReplicationStatus } from '../../src/replication/messages.ts';
import { placesOf, sourcesOf } from '../../src/replication/queue-map.ts';
import { producedTopics } from '../../src/replication/retry-topics.ts';
import type { Cluster } from '../../src/transport/types.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { knowledgeOf } from './stranded.ts';
import { ofTask, statusOf } from './survey.ts';
import type { BackSurvey, SurveyInput } from './types.ts';

const LOOK_EVERY_MS = 500;

/** See `FailoverActivities.surveyBack`. */
export async function surveyBack(
  { client, openCluster }: ActivityDependencies,
  { replication, heldBy }: Omit<SurveyInput, 'fence'>,
): Promise<BackSurvey> {
  const status = await statusOf(client, replication);
  const { lost } = status;
  const placed = lost?.placed ?? (status.input.groups.length === 0 ? { rows: [], more: 0 } : undefined);
  const [source, destination] = sides(status).map((name) => openCluster(name)) as [Cluster, Cluster];
  const found = {
    source: source.name,
    destination: destination.name,
    topics: status.topics,
    sourcePerms: [],
    sourceGroups: [],
    ...(placed && { placed }),
  };
  if (!lost)
    return {
      ...found,
      problems: [
        `replication ${replication} waits for no failback: no failover has moved it while its source was lost, or it was resumed since; ` +
          `move with a switchover: replicator failover ${replication}`,
      ],
    };
  const held = ofTask(status, heldBy);
  const { map } = await knowledgeOf(destination, { replication, source: source.name, destination: destination.name });
  const { away } = await answeringBrokers(
    source,
    status.topics,
    map.map(({ from }) => from.broker),
  );
  if (away.length > 0)
    return {
      ...found,
      problems: [...held, `${source.name} is not back: no answer from ${away.join(', ')}; wait for it`],
    };
  const { present: atHome } = await topicsOn(source.admin, status.topics, sourcesOf(map));
  const { present: topics } = await topicsOn(destination.admin, atHome, placesOf(map));
  const [brokers, destinationBrokers] = await Promise.all([
    brokersOf(source.admin, topics),
    brokersOf(destination.admin, topics),
  ]);
  const problems = [
    ...held,
    ...(await topicsThatDiffer(source, destination, producedTopics(atHome))),
    ...(await refusingBrokers(source, await acceptsFrom(source.admin, brokers))),
    ...(await refusingBrokers(destination, await acceptsFrom(destination.admin, destinationBrokers))),
  ];
  // others' groups are left alone: nobody would enable them again
  const groups = await wouldMove({
    ...{ source: destination, destination: source, sourceBrokers: destinationBrokers },
    ...{ topics: producedTopics(topics), groups: status.input.groups },
  });
  return {
    ...found,
    topics,
    sourcePerms: await readPerms(source.admin, producedTopics(atHome)),
    sourceGroups: await readSwitches(source.admin, groups),
    problems,
  };
}

/** The cluster that was lost (or, where none was, that the application moves from), and the other one. */
function sides({ source, destination, lost }: ReplicationStatus): [string, string] {
  return lost?.cluster === destination ? [destination, source] : [source, destination];
}

/** See `FailoverActivities.awaitRunning`. Waits until it is cancelled. */
export async function awaitRunning(
  { client }: ActivityDependencies,
  replication: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { state, reason } = await statusOf(client, replication);
    if (state === 'RUNNING') return;
    if (state !== 'STARTING')
      throw ApplicationFailure.nonRetryable(
        `replication ${replication} is ${state}${reason === undefined ? '' : `: ${reason}`}`,
      );
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
