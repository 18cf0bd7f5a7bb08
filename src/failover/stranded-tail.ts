import type { ByteBudget } from '../pump/byte-budget.ts';
import { hasPassed } from '../pump/has-passed.ts';
import { checkHistory } from '../pump/history-check.ts';
import { QueueBlocked } from '../pump/problems.ts';
import { Quarantine } from '../pump/quarantine/quarantine.ts';
import { copyPlace, nextOffset, readBack, type Route } from '../pump/read-back.ts';
import { readMessages } from '../pump/read-messages.ts';
import { routes } from '../pump/routes.ts';
import type { FoundTail, StrandedMessage, StrandedQueue } from '../replication/failover/messages.ts';
import type { FlowKnowledge } from '../replication/flow-knowledge.ts';
import { sourcesOf, topicsIn } from '../replication/queue-map.ts';
import { propertiesOf, type MessageCursor } from '../transport/message.ts';
import { queueKey, type Cluster, type Destination, type OffsetSource } from '../transport/types.ts';
import { takeCut } from './cut.ts';
import { topicsOn } from './topics-on.ts';

/** As many as an operator can read and a history can hold. */
const LONGEST_LIST = 200;

export interface TailOptions {
  readonly source: Cluster;
  readonly destination: Cluster;
  readonly known: FlowKnowledge;
  readonly budget: ByteBudget;
  readonly signal: AbortSignal;
}

/**
 * Finds what is stranded, as a pump would find where to go on: from the newest copy of each source queue on, which stands in the destination log.
 * What came from the destination, or passed it, is not stranded (R7). Nothing may be copied meanwhile. @throws TransportError
 */
export async function findStranded({ source, destination, known, budget, signal }: TailOptions): Promise<FoundTail> {
  const topics = topicsIn(known.map);
  const { present } = await topicsOn(source.admin, topics, sourcesOf(known.map));
  const ends = endsByQueue(await takeCut(source, present));
  const left = known.map.filter(({ topic }) => present.includes(topic));
  const [from, to] = [source.openSource(), destination.openDestination()];
  const quarantine = new Quarantine({ source: from, destination: to, budget, signal, inUse: false });
  const place = { from, to, quarantine, budget, signal };
  const queues: StrandedQueue[] = [];
  const list: StrandedMessage[] = [];
  const problems: string[] = [];
  try {
    for (const route of routes({ ...known, queues: left, skips: {} })) {
      const found = await strandedIn(route, ends.get(queueKey(route.from)) ?? 0, destination.name, place, list);
      if (typeof found === 'string') problems.push(found);
      else if (found.messages > 0) queues.push(found);
    }
    return { queues, list, problems };
  } finally {
    from.close();
    to.close();
  }
}

/** Where copying goes on: behind the newest copy, and behind what was set aside. @throws QueueBlocked; TransportError */
export async function goesOnAt(route: Route, { from, to, quarantine, budget, signal }: TailPlace): Promise<number> {
  const evidence = await readBack(to, route, budget, signal);
  const { newest } = evidence;
  if (newest) await checkHistory(from, route.from, copyPlace(to, route, budget, signal), newest);
  const setAside = await quarantine.newest(route);
  return Math.max(await nextOffset(from, route, evidence, signal), setAside + 1);
}

export interface TailPlace {
  readonly from: OffsetSource;
  readonly to: Destination;
  readonly quarantine: Quarantine;
  readonly budget: ByteBudget;
  readonly signal: AbortSignal;
}

async function strandedIn(
  route: Route,
  end: number,
  destination: string,
  place: TailPlace,
  list: StrandedMessage[],
): Promise<StrandedQueue | string> {
  const { topic, broker, id: queue } = route.from;
  try {
    const start = await goesOnAt(route, place);
    const { min } = await place.from.range(route.from);
    if (min > start)
      return `queue ${queueKey(route.from)}: source offsets ${start} to ${min - 1} were removed before they were copied`;
    let messages = 0;
    const reading = { reader: place.from, queue: route.from, budget: place.budget, signal: place.signal };
    await readMessages(reading, start, end, (message) => {
      const properties = propertiesOf(message);
      if (hasPassed(properties, destination)) return;
      messages++;
      if (list.length < LONGEST_LIST) list.push({ topic, broker, queue, ...described(message, properties) });
    });
    return { topic, broker, queue, from: start, to: Math.max(start, end), messages };
  } catch (error) {
    if (error instanceof QueueBlocked) return `queue ${queueKey(route.from)}: ${error.message}`;
    throw error;
  }
}

function described(
  { queueOffset: offset, storeTimestamp }: MessageCursor,
  properties: ReadonlyMap<string, string>,
): Pick<StrandedMessage, 'offset' | 'messageId' | 'keys' | 'storedAt'> {
  const [messageId, keys] = [properties.get('UNIQ_KEY'), properties.get('KEYS')];
  return {
    offset,
    ...(messageId !== undefined && { messageId: messageId.slice(0, 100) }),
    ...(keys !== undefined && { keys: keys.slice(0, 100) }),
    storedAt: new Date(storeTimestamp).toISOString(),
  };
}

function endsByQueue(cut: Awaited<ReturnType<typeof takeCut>>): Map<string, number> {
  return new Map(
    cut.flatMap(({ topic, broker, ends }) => ends.map((end, id) => [queueKey({ topic, broker, id }), end] as const)),
  );
}
