import type { ByteBudget } from '../pump/byte-budget.ts';
import { findNewestCopy } from '../pump/newest-copy.ts';
import { copyPlace, type Route } from '../pump/read-back.ts';
import { readMessage } from '../pump/read-messages.ts';
import { routes } from '../pump/routes.ts';
import type { LastCopies, LastCopy } from '../replication/failover/messages.ts';
import type { FlowKnowledge } from '../replication/flow-knowledge.ts';
import { PROPERTY_BORN } from '../replication/names.ts';
import { propertiesOf } from '../transport/message.ts';
import type { Cluster, Destination, Queue } from '../transport/types.ts';

/** As many as an operator can read and a history can hold. */
const LONGEST_LIST = 500;

/** Up to where each queue of a flow has arrived at the destination. @throws TransportError */
export async function newestCopies(
  cluster: Cluster,
  known: FlowKnowledge,
  budget: ByteBudget,
  signal: AbortSignal,
): Promise<LastCopies> {
  const destination = cluster.openDestination();
  try {
    const wanted = routes({ ...known, queues: known.map, skips: {} });
    for (const broker of new Set(wanted.map(({ to }) => to.broker))) await destination.dispatched(broker);
    const queues: LastCopy[] = [];
    for (const route of wanted) queues.push(await newestCopy(destination, route, budget, signal));
    queues.sort((a, b) => ((a.producedAt ?? '') < (b.producedAt ?? '') ? -1 : 1));
    return { queues: queues.slice(0, LONGEST_LIST), more: Math.max(0, queues.length - LONGEST_LIST) };
  } finally {
    destination.close();
  }
}

async function newestCopy(
  destination: Destination,
  route: Route,
  budget: ByteBudget,
  signal: AbortSignal,
): Promise<LastCopy> {
  const { topic, broker, id: queue } = route.from;
  const checkpoint = await destination.committed(route.group, route.checkpoint);
  const { newest } = await findNewestCopy(copyPlace(destination, route, budget, signal), checkpoint);
  if (!newest) return { topic, broker, queue };
  const producedAt = await producedTime(destination, route.to, newest.offset);
  return { topic, broker, queue, copiedUpTo: newest.sourceOffset + 1, producedAt };
}

async function producedTime(destination: Destination, queue: Queue, offset: number): Promise<string> {
  const message = await readMessage(destination, queue, offset);
  if (!message) throw new Error(`${queue.topic}/${queue.broker}/${queue.id}: cannot read offset ${offset} again`);
  const born = propertiesOf(message).get(PROPERTY_BORN);
  return new Date(born === undefined ? message.bornTimestamp : Number(born)).toISOString();
}
