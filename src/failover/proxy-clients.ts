import { ByteBudget } from '../pump/byte-budget.ts';
import { readMessages } from '../pump/read-messages.ts';
import { PROXY_HEARTBEATS } from '../replication/topic-pattern.ts';
import type { MessageCursor } from '../transport/message.ts';
import { queuesOf } from '../transport/topic-queues.ts';
import type { Cluster } from '../transport/types.ts';

/** Clients send a heartbeat every 10 s by gRPC, every 30 s by remoting; not all tell when they leave. ms */
const ALIVE_MS = 65_000;
/** For what is read ahead. */
const READING_BYTES = 8 * 1024 * 1024;

/** What a group's client said last, and when by the broker's clock (ms since 1970). */
interface Heartbeat {
  readonly at: number;
  readonly isLeaving: boolean;
}
/** By group and client ID. */
type Heartbeats = ReadonlyMap<string, Map<string, Heartbeat>>;

/**
 * How many consumers of each group are connected to proxies in cluster mode: brokers do not know them. Such a proxy writes what its clients say in
 * heartbeats into a topic, for other proxies to know of them (HeartbeatSyncer in org.apache.rocketmq.proxy.service.sysmessage, since 5.0).
 * @param brokers those of which the queues of that topic are read
 * @throws TransportError
 */
export async function countProxyClients(
  cluster: Cluster,
  brokers: readonly string[],
  groups: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const heartbeats: Heartbeats = new Map(groups.map((group) => [group, new Map()]));
  const topic = await cluster.admin.topic(PROXY_HEARTBEATS);
  if (topic) {
    const reader = cluster.openSource();
    const budget = new ByteBudget(READING_BYTES);
    try {
      for (const queue of queuesOf(topic).filter(({ broker }) => brokers.includes(broker))) {
        const now = (await cluster.admin.brokerTime(queue.broker)) ?? Date.now();
        const from = await cluster.admin.offsetAt(queue, now - ALIVE_MS);
        const { max } = await reader.range(queue);
        await readMessages({ reader, queue, budget }, from, max, (message) => {
          note(message, heartbeats);
        });
      }
    } finally {
      reader.close();
    }
  }
  return new Map([...heartbeats].map(([group, clients]) => [group, present(clients)]));
}

function note({ records, bodyStart, bodyEnd, storeTimestamp: at }: MessageCursor, heartbeats: Heartbeats): void {
  const { group, clientId, heartbeatType } = heartbeatOf(records.toString('utf8', bodyStart, bodyEnd));
  const clients = typeof group === 'string' ? heartbeats.get(group) : undefined;
  if (!clients || typeof clientId !== 'string') return;
  if ((clients.get(clientId)?.at ?? 0) <= at) clients.set(clientId, { at, isLeaving: heartbeatType === 'UNREGISTER' });
}

/** HeartbeatSyncerData; anybody may write into the topic. */
function heartbeatOf(body: string): Partial<Record<'group' | 'clientId' | 'heartbeatType', unknown>> {
  try {
    return Object(JSON.parse(body)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function present(clients: ReadonlyMap<string, Heartbeat>): number {
  return [...clients.values()].filter(({ isLeaving }) => !isLeaving).length;
}
