import { setTimeout as sleep } from 'node:timers/promises';
import type { StackStatus } from '../src/stack/stack-status.ts';
import { openRemotingCluster } from '../src/transport/remoting/cluster.ts';
import type { Cluster, Queue } from '../src/transport/types.ts';
import { DemoFailed } from './failure.ts';

const ROUTE_LIMIT_MS = 30_000;

export interface Clusters {
  readonly east: Cluster;
  readonly west: Cluster;
}

export function openClusters({ clusters }: StackStatus): Clusters {
  const open = (name: 'east' | 'west') => openRemotingCluster({ name, nameServers: clusters[name].nameServers });
  return { east: open('east'), west: open('west') };
}

/** Creates the topic on a cluster's only broker and waits until clients can find it. @throws DemoFailed, TransportError */
export async function createTopic({ admin, name }: Cluster, topic: string, queues: number): Promise<Queue[]> {
  const broker = await onlyBroker({ admin, name });
  await admin.putTopic(broker, topic, {
    readQueues: queues,
    writeQueues: queues,
    perm: 6,
    order: false,
    attributes: {},
  });
  const deadline = performance.now() + ROUTE_LIMIT_MS;
  while (!(await admin.topic(topic))) {
    if (performance.now() > deadline) throw new DemoFailed(`cluster ${name} does not show topic ${topic}`);
    await sleep(100);
  }
  return queuesOn(broker, topic, queues);
}

export async function onlyBroker({ admin, name }: Pick<Cluster, 'admin' | 'name'>): Promise<string> {
  const [broker] = await admin.brokers();
  if (!broker) throw new DemoFailed(`cluster ${name} has no broker; look at replicator stack status`);
  return broker.name;
}

export function queuesOn(broker: string, topic: string, queues: number): Queue[] {
  return Array.from({ length: queues }, (_, id) => ({ topic, broker, id }));
}
