import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { brokerName } from '../src/stack/definitions.ts';
import { cacheFolder } from '../src/stack/folders.ts';
import { startServer, waitUntilReady } from '../src/stack/server.ts';
import { stackDown, stackServers, stackStatus } from '../src/stack/stack.ts';
import { openRemotingCluster } from '../src/transport/remoting/cluster.ts';
import type { Cluster, Queue } from '../src/transport/types.ts';

/** Apart from the user's stack and from those of the tests. */
const PORT_BASE = 29_400;
const HOME = join(cacheFolder(), 'bench-stack');
export const QUEUES = 4;
const ROUTE_LIMIT_MS = 30_000;

const silently = { home: HOME, portBase: PORT_BASE, progress: () => undefined };

/** One side of the measurement. */
export interface Side {
  readonly cluster: Cluster;
  readonly broker: string;
  readonly nameServers: readonly string[];
}

export interface Brokers {
  readonly east: Side;
  readonly west: Side;
}

/** Starts a name server and a broker for each side; nothing of an earlier run is left. @throws StackError */
export async function startBrokers(progress: (line: string) => void): Promise<Brokers> {
  await removeBrokers();
  const { clusters } = await stackServers({ ...silently, progress });
  for (const { nameServer, broker } of Object.values(clusters)) {
    await Promise.all([startServer(nameServer), startServer(broker)]);
    await Promise.all([waitUntilReady(nameServer), waitUntilReady(broker)]);
  }
  return { east: side('east'), west: side('west') };
}

function side(name: 'east' | 'west'): Side {
  const { nameServers } = stackStatus(silently).clusters[name];
  return { cluster: openRemotingCluster({ name, nameServers }), broker: brokerName(name), nameServers };
}

/** Stops the servers and removes what they stored. Fine when there are none. */
export async function removeBrokers(): Promise<void> {
  await stackDown({ ...silently, purge: true });
  await rm(HOME, { recursive: true, force: true, maxRetries: 10 });
}

/** @throws Error when what the bench is going to store would fill the disk */
export async function assertDiskHolds(bytes: number): Promise<void> {
  await mkdir(HOME, { recursive: true });
  const { bavail, bsize } = await statfs(HOME);
  const gib = (value: number) => `${(value / 1024 ** 3).toFixed(1)} GiB`;
  if (bavail * bsize < bytes)
    throw new Error(
      `this run stores ${gib(bytes)} in ${HOME}, where ${gib(bavail * bsize)} are free: give fewer --rounds or --messages, ` +
        'or set REPLICATOR_CACHE to a folder on a larger disk',
    );
}

/** A topic of four queues; resolves when clients can find it. @throws TransportError */
export async function createTopic({ cluster: { admin }, broker }: Side, topic: string): Promise<Queue[]> {
  await admin.putTopic(broker, topic, {
    readQueues: QUEUES,
    writeQueues: QUEUES,
    perm: 6,
    order: false,
    attributes: {},
  });
  const deadline = performance.now() + ROUTE_LIMIT_MS;
  while (!(await admin.topic(topic))) {
    if (performance.now() > deadline) throw new Error(`the name server does not show topic ${topic}`);
    await sleep(50);
  }
  return queuesOf({ broker }, topic);
}

export function queuesOf({ broker }: Pick<Side, 'broker'>, topic: string): Queue[] {
  return Array.from({ length: QUEUES }, (_, id) => ({ topic, broker, id }));
}
