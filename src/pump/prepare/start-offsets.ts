import type { ReplicationInput } from '../../replication/input.ts';
import {
  mappedQueues,
  sourceKey,
  sourceQueue,
  targetQueue,
  type MappedQueue,
  type QueueHistory,
  type QueueRange,
} from '../../replication/queue-map.ts';
import { isRetryTopic } from '../../replication/retry-topics.ts';
import { WrongInput } from '../../replication/wrong-input.ts';
import { queueKey, type Cluster, type Destination, type Queue, type Topic } from '../../transport/types.ts';
import { ByteBudget } from '../byte-budget.ts';
import { findNewestCopy } from '../newest-copy.ts';
import { NewerGeneration } from '../problems.ts';
import { inParallel } from './in-parallel.ts';

/** A source queue and where its copying starts. */
export interface QueueStart {
  readonly queue: Queue;
  readonly offset: number;
}

export interface StartOptions {
  readonly source: Cluster;
  readonly destination: Cluster;
  /** The flow's group, under which checkpoints are kept on both clusters. */
  readonly group: string;
  readonly start: ReplicationInput['start'];
  /** The destination's topics before anything is created. */
  readonly existing: ReadonlyMap<string, Topic | undefined>;
  readonly map: readonly QueueRange[];
  /** Starts that are decided, by `queueKey`, of queues that are new in the map too. */
  readonly given: Readonly<Record<string, number>>;
  /** The map decided earlier. */
  readonly earlier: readonly QueueRange[];
  /** See `FlowKnowledge.histories`. */
  readonly histories: Readonly<Record<string, QueueHistory>>;
  /** See `PrepareInput.discovering`. */
  readonly discovering: boolean;
}

/** Where the search for copies may hold messages in memory. Bytes. */
const SEARCH_BUDGET = 16 * 1024 * 1024;

/**
 * Resolves the start of every queue that is new in the map and of which neither cluster holds a checkpoint or a copy (R5). For the others this was
 * done before; a start such as `latest` would be later by now. Reads only.
 * @throws WrongInput naming the queues for which the group to start from has no offset
 */
export async function resolveStarts(options: StartOptions): Promise<QueueStart[]> {
  const known = new Set([...mappedQueues(options.earlier)].map(sourceKey));
  const topicsBefore = new Set(options.earlier.map(({ topic }) => topic));
  const writer = options.destination.openDestination();
  try {
    const evidence = new Evidence(options, writer);
    const starts = await inParallel(
      [...mappedQueues(options.map)].filter((mapped) => !known.has(sourceKey(mapped))),
      async (mapped): Promise<QueueStart | string | undefined> => {
        const queue = sourceQueue(mapped);
        const given = options.given[sourceKey(mapped)];
        if (given !== undefined && !(await evidence.ofCheckpoint(mapped))) return { queue, offset: given };
        if (await evidence.of(mapped)) return undefined;
        // a queue that was added to a topic which is copied already holds only messages from after the start
        // what waits to be tried again waits however old it is
        const added = options.discovering || topicsBefore.has(mapped.topic) || isRetryTopic(mapped.topic);
        const offset = await resolve(options, queue, added ? 'earliest' : options.start);
        return typeof offset === 'string' ? offset : { queue, offset };
      },
    );
    const problems = starts.filter((start) => typeof start === 'string');
    if (problems.length > 0) throw new WrongInput(problems);
    return starts.filter((start) => typeof start === 'object');
  } finally {
    writer.close();
  }
}

/** Tells whether a queue was copied before. */
class Evidence {
  readonly #options: StartOptions;
  readonly #writer: Destination;
  readonly #budget = new ByteBudget(SEARCH_BUDGET);
  readonly #dispatched = new Map<string, Promise<void>>();

  constructor(options: StartOptions, writer: Destination) {
    this.#options = options;
    this.#writer = writer;
  }

  async ofCheckpoint(mapped: MappedQueue): Promise<boolean> {
    const { source, group } = this.#options;
    // a committed 0 says nothing: some brokers answer it for groups that never committed
    return ((await source.admin.committed(group, sourceQueue(mapped))) ?? 0) > 0;
  }

  async of(mapped: MappedQueue): Promise<boolean> {
    const { source, destination, group, existing, histories } = this.#options;
    if (await this.ofCheckpoint(mapped)) return true;
    const queues = existing.get(mapped.topic)?.brokers.find(({ broker }) => broker === mapped.to.broker);
    if (!queues || mapped.to.queue >= Math.max(queues.readQueues, queues.writeQueues)) return false;
    const to = targetQueue(mapped);
    if (((await destination.admin.committed(group, to)) ?? 0) > 0) return true;
    await this.#readable(to.broker);
    const generation = histories[sourceKey(mapped)]?.generation ?? 0;
    const from = { cluster: source.name, topic: mapped.topic, ...mapped.from, generation };
    try {
      const place = { reader: this.#writer, queue: to, source: from, budget: this.#budget };
      return (await findNewestCopy(place)).newest !== undefined;
    } catch (error) {
      // of a generation that nobody remembers: it was copied, and its pump blocks it
      if (error instanceof NewerGeneration) return true;
      throw error;
    }
  }

  /** What is stored but not dispatched yet cannot be found (R4). Once a broker is enough: this flow has no pump yet. */
  #readable(broker: string): Promise<void> {
    const known = this.#dispatched.get(broker) ?? this.#writer.dispatched(broker);
    this.#dispatched.set(broker, known);
    return known;
  }
}

/** The offset, or what is wrong with the start that was asked for. */
async function resolve(
  { source }: StartOptions,
  queue: Queue,
  start: ReplicationInput['start'],
): Promise<number | string> {
  const { min, max } = await source.admin.range(queue);
  if (start === 'earliest') return min;
  if (start === 'latest') return max;
  if (typeof start === 'string') {
    const offset = await source.admin.offsetAt(queue, Date.parse(start));
    return Math.min(Math.max(offset, min), max);
  }
  const offset = await source.admin.committed(start.group, queue);
  if (offset !== undefined) return offset;
  return max === 0
    ? 0
    : `start.group: group ${start.group} has no offset on ${source.name} for ${queueKey(queue)}; expected a group that has consumed every queue`;
}
