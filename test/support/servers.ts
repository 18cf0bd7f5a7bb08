import { afterAll, beforeAll, inject } from 'vitest';
import { brokerName, brokerPorts, CLUSTERS, type ClusterName, type Settings } from '../../src/stack/definitions.ts';
import { findJava } from '../../src/stack/fetch/java.ts';
import { rocketmqJars, type RocketmqVersion } from '../../src/stack/fetch/rocketmq.ts';
import { isPortFree } from '../../src/stack/ports.ts';
import { clusterServers } from '../../src/stack/rocketmq-servers.ts';
import { stackServers, stackStatus, stackUp, type StackServers } from '../../src/stack/stack.ts';
import { rm } from 'node:fs/promises';
import './global-setup.ts';
import { TestServer } from './test-server.ts';
import type { TestSlot } from './test-slot.ts';

export interface TestCluster {
  readonly name: string;
  /** `host:port` */
  readonly nameServers: readonly string[];
  readonly brokerName: string;
  readonly nameServer: TestServer;
  readonly broker: TestServer;
}

export interface TestStack {
  readonly east: TestCluster;
  readonly west: TestCluster;
  readonly temporal: TestServer;
  /** Path of a replicator.yaml with both clusters. */
  readonly config: string;
}

/** The slot of the process that runs this test file: vitest numbers the processes that work at the same time from 1. */
export function testSlot(): TestSlot {
  return inject('testSlots')[Number(process.env.VITEST_POOL_ID) - 1]!;
}

/** Longer than a first download of all servers takes. */
const START_TIMEOUT_MS = 1_800_000;

/**
 * The stack that all files of a lane share, one after the other, for use at the top of a file or a `describe`. Before its tests everything runs
 * and is ready, also what an earlier file killed; use topics and groups of your own. Addresses are known at once; the servers'
 * methods work within tests and hooks.
 */
export function useStack(options: { readonly proxies?: boolean } = {}): TestStack {
  const slot = testSlot();
  const stackOptions = { ...slot, proxies: options.proxies ?? false };
  const status = stackStatus(stackOptions);
  let servers: StackServers | undefined;
  const started = (): StackServers => {
    if (!servers)
      throw new Error('the stack is started before the first test; use its servers in tests and hooks only');
    return servers;
  };
  beforeAll(async () => {
    servers = await stackServers(stackOptions);
    await stackUp(stackOptions);
  }, START_TIMEOUT_MS);

  const temporal = new TestServer(status.temporal.address, () => started().temporal);
  const cluster = (name: ClusterName): TestCluster => ({
    name,
    nameServers: status.clusters[name].nameServers,
    brokerName: brokerName(name),
    nameServer: new TestServer(status.clusters[name].nameServers[0]!, () => started().clusters[name].nameServer),
    broker: new TestServer(status.clusters[name].brokers[0]!, () => started().clusters[name].broker),
  });
  const stack = { east: cluster('east'), west: cluster('west'), temporal, config: status.config };
  afterAll(() => {
    if (!servers) return;
    for (const server of [temporal, ...CLUSTERS.flatMap((name) => [stack[name].nameServer, stack[name].broker])])
      server.thaw();
  });
  return stack;
}

export interface PrivateClusterOptions {
  readonly name: string;
  /** Default 5.5.0. */
  readonly version?: RocketmqVersion;
  /** A further broker of this cluster, behind its name server, and called by this name; a slave has the name of its master. */
  readonly joins?: { readonly cluster: TestCluster; readonly brokerName: string };
  /** On top of the stack's, such as `maxMessageSize`, `fileReservedTime`, `flushDiskType`. */
  readonly brokerSettings?: Settings;
}

export interface PrivateCluster extends TestCluster {
  /** Kills its servers and removes their data. */
  remove(): Promise<void>;
}

let nextPort: number | undefined;

/** A cluster for one test alone: a name server and a broker. `remove` it; what is forgotten ends with the test run. */
export async function startBroker(options: PrivateClusterOptions): Promise<PrivateCluster> {
  const { home } = testSlot();
  const fetchJars = await rocketmqJars(options.version);
  const runtime = { java: await findJava(), classPath: await fetchJars((line) => process.stderr.write(`${line}\n`)) };
  const { cluster, brokerName: name = brokerName(options.name) } = options.joins ?? {};
  const ports = { ...(await privatePorts()), ...(cluster && { nameServer: cluster.nameServer.port }) };
  const place = { brokerClusterName: cluster?.name ?? options.name, brokerName: name };
  const servers = clusterServers(runtime, home, options.name, ports, { ...place, ...options.brokerSettings });
  const nameServer = cluster?.nameServer ?? new TestServer(`127.0.0.1:${ports.nameServer}`, () => servers.nameServer);
  const broker = new TestServer(`127.0.0.1:${ports.broker}`, () => servers.broker);
  const own = cluster ? [broker] : [broker, nameServer];
  const remove = async (): Promise<void> => {
    await Promise.all(own.map((server) => server.kill()));
    for (const { folder } of own) await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all([nameServer.start(), broker.start()]);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    name: options.name,
    nameServers: [nameServer.address],
    brokerName: name,
    nameServer,
    broker,
    remove,
  };
}

async function privatePorts(): Promise<{
  nameServer: number;
  broker: number;
  proxyRemoting: number;
  proxyGrpc: number;
}> {
  for (;;) {
    const first = nextPort ?? testSlot().privatePorts;
    nextPort = first + 6;
    const ports = { nameServer: first, broker: first + 3, proxyRemoting: first + 5, proxyGrpc: first + 5 };
    const wanted = [ports.nameServer, ...brokerPorts(ports.broker)];
    const free = await Promise.all(wanted.map(isPortFree));
    if (free.every(Boolean)) return ports;
  }
}
