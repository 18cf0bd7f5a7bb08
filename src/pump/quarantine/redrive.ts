import type { RedriveInput } from '../../replication/flow-changes.ts';
import type { RedriveResult } from '../../replication/messages.ts';
import { flowGroup, QUARANTINE_TOPIC, type Flow } from '../../replication/names.ts';
import { mappedQueues, sourceQueue } from '../../replication/queue-map.ts';
import type { Cluster, Destination, Queue } from '../../transport/types.ts';
import type { ByteBudget } from '../byte-budget.ts';
import { QueueLocks } from '../queue-lock.ts';
import { Redriver } from './redriver.ts';

export interface RedriveDependencies {
  readonly source: Cluster;
  readonly destination: Cluster;
  /** As for a pump: names this attempt, and the earlier ones. */
  readonly owner: string;
  readonly formerOwners: readonly string[];
  /** Names this redrive over all its attempts. */
  readonly redrive: string;
  readonly budget: ByteBudget;
  readonly onWait: (reason: string) => void;
  readonly onProgress: (redriven: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Copies the messages of one topic that are in quarantine to their destination queues, each once (R9). It holds the locks of the topic's
 * source queues meanwhile, so no pump copies them (R6).
 * @throws TransportError and others that may pass: a further attempt goes on
 */
export async function redriveTopic(input: RedriveInput, dependencies: RedriveDependencies): Promise<RedriveResult> {
  const source = dependencies.source.openSource();
  const destination = dependencies.destination.openDestination();
  const locks = lockTopic(input, destination, dependencies);
  try {
    await takeAll([...locks.values()], dependencies.signal);
    const brokers = await quarantineBrokers(dependencies.destination, [...locks.keys()]);
    const leases = [...locks.values()].map(({ lease }) => lease);
    // all count, because an entry may lie on another broker than the copy
    const mayWrite = () => leases.every(({ valid }) => valid);
    return await new Redriver({ ...dependencies, input, source, destination, mayWrite }).run(brokers);
  } finally {
    await Promise.all([...locks.values()].map((lock) => lock.release()));
    source.close();
    destination.close();
  }
}

/** The locks of source queues, one set a destination broker, like a pump's. */
export function lockTopic(
  input: Flow & Pick<RedriveInput, 'queues'>,
  destination: Destination,
  { owner, formerOwners, onWait }: Pick<RedriveDependencies, 'owner' | 'formerOwners' | 'onWait'>,
): Map<string, QueueLocks> {
  const keys = new Map<string, Queue[]>();
  for (const queue of mappedQueues(input.queues)) {
    const { broker } = queue.to;
    keys.set(broker, [...(keys.get(broker) ?? []), sourceQueue(queue)]);
  }
  const options = {
    destination,
    group: flowGroup(input),
    owner,
    formerOwners,
    owesWait: false,
    isAtRest: false,
    onWait,
  };
  return new Map([...keys].map(([broker, of]) => [broker, new QueueLocks({ ...options, broker, keys: of })]));
}

/** Waits for all, also where one fails: a lock that is taken after it was given back would stay. */
export async function takeAll(locks: readonly QueueLocks[], signal: AbortSignal): Promise<void> {
  const taken = await Promise.allSettled(locks.map((lock) => lock.take(signal)));
  for (const result of taken) if (result.status === 'rejected') throw result.reason as Error;
}

/** Those that the topic is mapped to, and those where a queue may have been mapped to before. */
async function quarantineBrokers({ admin }: Cluster, mapped: readonly string[]): Promise<string[]> {
  const topic = await admin.topic(QUARANTINE_TOPIC);
  return [...new Set([...mapped, ...(topic?.brokers ?? []).map(({ broker }) => broker)])];
}
