import { flowGroup } from '../replication/names.ts';
import type { LeftOut, Prepared, PrepareInput } from '../replication/preparation.ts';
import { topicsIn } from '../replication/queue-map.ts';
import { queueKey, type Cluster } from '../transport/types.ts';
import { chooseTopics, idlePatterns } from './prepare/choose-topics.ts';
import { createRetryGroups } from './prepare/create-groups.ts';
import { createQuarantine } from './prepare/create-quarantine.ts';
import { createTopic } from './prepare/create-topics.ts';
import { inParallel } from './prepare/in-parallel.ts';
import { inspectClusters, inspectTopics } from './prepare/inspect.ts';
import { resolveStarts } from './prepare/start-offsets.ts';
import { planTopic, type TopicPlan } from './prepare/topic-plan.ts';
import { MOST_LEFT_OUT } from './prepare/topology-changes.ts';

/**
 * Gets both clusters ready for a flow. Everything is looked at and decided before anything is created, so that wrong input leaves no trace.
 * Idempotent: what an earlier try created or committed is found and kept.
 * @throws WrongInput for what an operator must correct
 * @throws TransportError while a cluster cannot be reached
 */
export async function prepareFlow(
  { replication, source: from, input, map: earlier, starts: given, histories, discovering }: PrepareInput,
  source: Cluster,
  destination: Cluster,
  signal: AbortSignal,
): Promise<Prepared> {
  const brokers = await inspectClusters(source, destination);
  const copied = new Set(topicsIn(earlier));
  const chosen = await chooseTopics(source, input, copied);
  const { topics, leftOut } = await inspectTopics(source, destination, chosen, {
    ...{ mode: input.mode, copied },
    isWayBack: from !== input.source,
  });
  const plans = topics.map((topic) => planTopic(topic.source, topic.destination, brokers, earlier));
  const gone = new Set(leftOut.map(({ topic }) => topic).filter((topic) => copied.has(topic)));
  const map = [...plans.flatMap((plan) => plan.map), ...earlier.filter(({ topic }) => gone.has(topic))];
  const group = flowGroup({ replication, source: source.name, destination: destination.name });
  const existing = new Map(topics.map((topic) => [topic.source.name, topic.destination]));
  const starts = await resolveStarts({
    source,
    destination,
    group,
    start: input.start,
    existing,
    map,
    earlier,
    given,
    histories,
    discovering,
  });
  signal.throwIfAborted();

  await createRetryGroups(
    source,
    destination,
    topics.map((topic) => topic.source.name),
  );
  for (const [index, topic] of topics.entries()) await createTopic(destination.admin, topic, plans[index]!, signal);
  if (input.onPoison === 'quarantine') await createQuarantine(destination.admin, map);
  await Promise.all([source.admin.createGroup(group), destination.admin.createGroup(group)]);
  // durable before the first copy: a start such as `latest` must not be resolved a second time
  await inParallel(starts, ({ queue, offset }) => source.admin.commit(group, queue, offset));
  return {
    map,
    starts: Object.fromEntries(starts.map(({ queue, offset }) => [queueKey(queue), offset])),
    leftOut: [...leftOut, ...waiting(plans), ...idlePatterns(source, input, chosen)].slice(0, MOST_LEFT_OUT),
  };
}

function waiting(plans: readonly TopicPlan[]): LeftOut[] {
  return plans.flatMap(({ topic, waits }) => (waits === undefined ? [] : [{ topic, reason: waits }]));
}
