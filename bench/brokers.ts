import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { brokerName, type Settings } from '../src/stack/definitions.ts';
import { findJava } from '../src/stack/fetch/java.ts';
import { rocketmqJars } from '../src/stack/fetch/rocketmq.ts';
import { cacheFolder } from '../src/stack/folders.ts';
import { clusterServers } from '../src/stack/rocketmq-servers.ts';
import { startServer, waitUntilReady } from '../src/stack/server.ts';
import { stackDown, stackServers, stackStatus } from '../src/stack/stack.ts';
import { openRemotingCluster } from '../src/transport/remoting/cluster.ts';
import type { Cluster, Queue } from '../src/transport/types.ts';

/** Apart from the user's stack and from those of the tests. */
const PORT_BASE = 29_400;
const HOME = join(cacheFolder(), 'bench-stack');
export const QUEUES = 4;
const ROUTE_LIMIT_MS = 30_000;

/** Brokers as they come give 32 messages or 256 KiB a pull (docs/operations.md, Sizing). */
const LARGE_PULLS = { maxTransferCountOnMessageInMemory: 1024, maxTransferBytesOnMessageInMemory: 1024 * 1024 };

const silently = { home: HOME, portBase: PORT_BASE, progress: () => undefined };

/** One side of the measurement. */
export interface Side {
  readonly cluster: Cluster;
  readonly broker: string;
  readonly nameServers: readonly string[];
  /** `host:port` of the broker. */
  readonly brokerAddress: string;
}

export interface Brokers {
  readonly east: Side;
  readonly west: Side;
}

export interface BrokerOptions {
  /** Whether the brokers give as many messages at once as docs/operations.md advises. */
  readonly largePulls: boolean;
}

/** Starts a name server and a broker for each side; nothing of an earlier run is left. @throws StackError */
export async function startBrokers(options: BrokerOptions, progress: (line: string) => void): Promise<Brokers> {
  await removeBrokers();
  const { clusters } = await stackServers({ ...silently, progress, brokerSettings: brokerSettings(options) });
  for (const { nameServer, broker } of Object.values(clusters)) {
    await Promise.all([startServer(nameServer), startServer(broker)]);
    await Promise.all([waitUntilReady(nameServer), waitUntilReady(broker)]);
  }
  return { east: side('east'), west: side('west') };
}

/** A broker of the oldest supported version beside the others, for the source. @throws StackError */
export async function startOldSource(options: BrokerOptions): Promise<Side> {
  const fetchJars = await rocketmqJars('4.4.0');
  const runtime = { java: await findJava(), classPath: await fetchJars(() => undefined) };
  const ports = { nameServer: PORT_BASE + 186, broker: PORT_BASE + 192, proxyRemoting: 0, proxyGrpc: 0 };
  const { nameServer, broker } = clusterServers(runtime, HOME, 'old', ports, brokerSettings(options));
  await Promise.all([startServer(nameServer), startServer(broker)]);
  await Promise.all([waitUntilReady(nameServer), waitUntilReady(broker)]);
  const nameServers = [`127.0.0.1:${ports.nameServer}`];
  const cluster = openRemotingCluster({ name: 'old', nameServers });
  return { cluster, broker: brokerName('old'), nameServers, brokerAddress: `127.0.0.1:${ports.broker}` };
}

function brokerSettings({ largePulls }: BrokerOptions): Settings {
  return largePulls ? LARGE_PULLS : {};
}

function side(name: 'east' | 'west'): Side {
  const { nameServers, brokers } = stackStatus(silently).clusters[name];
  const cluster = openRemotingCluster({ name, nameServers });
  return { cluster, broker: brokerName(name), nameServers, brokerAddress: brokers[0]! };
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

/** A topic of so many queues; resolves when clients can find it. @throws TransportError */
export async function createTopic(
  { cluster: { admin }, broker }: Side,
  topic: string,
  queues: number = QUEUES,
): Promise<Queue[]> {
  await admin.putTopic(broker, topic, {
    readQueues: queues,
    writeQueues: queues,
    perm: 6,
    order: false,
    attributes: {},
  });
  const deadline = performance.now() + ROUTE_LIMIT_MS;
  while (!(await admin.topic(topic))) {
    if (performance.now() > deadline) throw new Error(`the name server does not show topic ${topic}`);
    await sleep(50);
  }
  return queuesOf({ broker }, topic, queues);
}

export function queuesOf({ broker }: Pick<Side, 'broker'>, topic: string, queues: number = QUEUES): Queue[] {
  return Array.from({ length: queues }, (_, id) => ({ topic, broker, id }));
}
