import { flowGroup, type Flow } from '../replication/names.ts';
import type { TopicChoice } from '../replication/topic-pattern.ts';
import { queuesOf } from '../transport/topic-queues.ts';
import type { Cluster, ClusterAdmin, Queue } from '../transport/types.ts';
import { chooseTopics } from './prepare/choose-topics.ts';
import { inParallel } from './prepare/in-parallel.ts';

/** Where a source queue's copying stands, from the offsets in RocketMQ: true whether or not a worker runs. */
export interface QueueLag {
  readonly topic: string;
  readonly broker: string;
  readonly queue: number;
  /** Next source offset to copy, as committed on the source (flushed every few seconds); absent before the first commit. */
  readonly next?: number;
  /** Next offset that producers will write. */
  readonly max: number;
  /** Messages still to copy; without a checkpoint all that the queue holds. */
  readonly lag: number;
}

export interface TopicLag {
  readonly topic: string;
  /** 0 where the source has no such topic. */
  readonly queues: number;
  /** Messages still to copy. */
  readonly lag: number;
}

/** What a flow copies, as its workflow says (names only), or its input (patterns too). */
export type Chosen = Pick<TopicChoice, 'topics'> & Partial<TopicChoice>;

/** The names of the topics on the source. @throws TransportError */
export async function flowTopics(source: Cluster, { topics, exclude = [] }: Chosen): Promise<string[]> {
  return (await chooseTopics(source, { topics, exclude })).map(({ name }) => name);
}

/** The lag of every source queue of a flow. @throws TransportError */
export async function flowLag(admin: ClusterAdmin, flow: Flow, topics: readonly string[]): Promise<QueueLag[]> {
  const group = flowGroup(flow);
  const found = await inParallel(topics, (topic) => admin.topic(topic));
  const queues = found.flatMap((topic) => (topic ? queuesOf(topic) : []));
  return await inParallel(queues, (queue) => queueLag(admin, group, queue));
}

export function topicLags(topics: readonly string[], queues: readonly QueueLag[]): TopicLag[] {
  return topics.map((topic) => {
    const own = queues.filter((queue) => queue.topic === topic);
    return { topic, queues: own.length, lag: own.reduce((sum, { lag }) => sum + lag, 0) };
  });
}

async function queueLag(admin: ClusterAdmin, group: string, queue: Queue): Promise<QueueLag> {
  const [{ min, max }, next] = await Promise.all([admin.range(queue), admin.committed(group, queue)]);
  const { topic, broker, id } = queue;
  const lag = Math.max(0, max - Math.max(next ?? min, min));
  return { topic, broker, queue: id, ...(next === undefined ? {} : { next }), max, lag };
}
