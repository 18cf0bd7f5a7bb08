import { existsSync } from 'node:fs';
import { rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CLUSTERS,
  DEFAULT_PORT_BASE,
  PORTS_PER_STACK,
  stackPorts,
  type ClusterName,
  type Settings,
  type StackPorts,
} from './definitions.ts';
import { exampleConfig } from './example-config.ts';
import { fetchServers } from './fetch/servers.ts';
import { stackHome } from './folders.ts';
import { clusterServers, type ClusterServers } from './rocketmq-servers.ts';
import {
  assertStartable,
  runningProcess,
  serverFolders,
  startServer,
  stopServer,
  waitUntilReady,
  type ServerSpec,
} from './server.ts';
import type { ClusterStatus, StackStatus } from './stack-status.ts';
import { StackError } from './stack-error.ts';
import { withStackLock } from './stack-lock.ts';
import { keepClosedWorkflows, temporalServer } from './temporal-server.ts';

export interface StackOptions {
  /** Folder of settings, data and logs. Default: `REPLICATOR_STACK_HOME`, else the user's data folder. */
  readonly home?: string;
  /** First of the stack's 200 ports. Default: `REPLICATOR_STACK_PORT_BASE`, else 19800. */
  readonly portBase?: number;
  /** Whether `up` starts the clusters' proxies (gRPC). Default true. */
  readonly proxies?: boolean;
  /** Settings of its brokers beside the stack's own, which they win over. */
  readonly brokerSettings?: Settings;
  /** Called with lines for people about what takes long. Default: written to stderr. */
  readonly progress?: (line: string) => void;
}

export interface StackServers {
  readonly temporal: ServerSpec;
  readonly clusters: Readonly<Record<ClusterName, ClusterServers>>;
}

/**
 * Starts what does not run yet and waits until all of it is ready. The servers outlive this process.
 * @throws StackError when something is missing, a port is taken, or a server does not become ready
 */
export async function stackUp(options: StackOptions = {}): Promise<StackStatus> {
  const { ports, progress } = resolveOptions(options);
  return withStackLock(ports.lock, progress, async () => {
    const { temporal, clusters } = await stackServers(options);
    const each = Object.values(clusters);
    await assertStartable([
      temporal,
      ...each.flatMap((cluster) => [cluster.nameServer, cluster.broker, cluster.proxy]),
    ]);
    await Promise.all([
      up(temporal, progress).then((started) =>
        started ? keepClosedWorkflows(temporal.command, ports.temporal) : undefined,
      ),
      ...each.map(async ({ nameServer, broker, proxy }) => {
        await Promise.all([up(nameServer, progress), up(broker, progress)]);
        if (options.proxies ?? true) await up(proxy, progress);
      }),
    ]);
    const status = stackStatus(options);
    if (!existsSync(status.config)) await writeFile(status.config, exampleConfig(status));
    return status;
  });
}

/** The stack's servers, each of which can be started and stopped alone. Fetches what is missing. @throws StackError */
export async function stackServers(options: StackOptions = {}): Promise<StackServers> {
  const { home, ports, progress } = resolveOptions(options);
  const { cli, runtime } = await fetchServers(progress);
  const cluster = (name: ClusterName): ClusterServers =>
    clusterServers(runtime, home, name, ports.clusters[name], options.brokerSettings);
  return {
    temporal: temporalServer(cli, home, ports.temporal, ports.temporalUi),
    clusters: { east: cluster('east'), west: cluster('west') },
  };
}

/** Stops every server that was started in the stack's folder; `purge` also removes their data. Fine when nothing runs. */
export async function stackDown(options: StackOptions & { readonly purge?: boolean } = {}): Promise<void> {
  const { home, ports, progress } = resolveOptions(options);
  await withStackLock(ports.lock, progress, async () => {
    const folders = serverFolders(home);
    // What is removed next needs no orderly end.
    const patience = options.purge === true ? [0] : [];
    const stopped = await Promise.all(folders.map((folder) => stopServer(folder, ...patience)));
    progress(`stopped ${stopped.filter(Boolean).length} servers`);
    if (options.purge !== true) return;
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
    await rm(configFile(home), { force: true });
    // Whatever else somebody keeps there is not ours to remove.
    await rmdir(home).catch(() => undefined);
  });
}

/** Where the stack's servers are, and whether they run; asks none of them. */
export function stackStatus(options: StackOptions = {}): StackStatus {
  const { home, ports } = resolveOptions(options);
  const names = ['temporal', ...CLUSTERS.flatMap((cluster) => [`${cluster}-name-server`, `${cluster}-broker`])];
  const cluster = (name: ClusterName): ClusterStatus => ({
    nameServers: [`127.0.0.1:${ports.clusters[name].nameServer}`],
    brokers: [`127.0.0.1:${ports.clusters[name].broker}`],
    grpc: `127.0.0.1:${ports.clusters[name].proxyGrpc}`,
  });
  return {
    running: names.every((name) => runningProcess(join(home, name)) !== undefined),
    temporal: { address: `127.0.0.1:${ports.temporal}`, ui: `http://127.0.0.1:${ports.temporalUi}` },
    clusters: { east: cluster('east'), west: cluster('west') },
    config: configFile(home),
  };
}

/** @returns whether it was started now */
async function up(spec: ServerSpec, progress: (line: string) => void): Promise<boolean> {
  const started = await startServer(spec);
  await waitUntilReady(spec);
  if (started) progress(`${spec.name} is ready on port ${spec.ports.join(', ')}`);
  return started;
}

function configFile(home: string): string {
  return join(home, 'replicator.yaml');
}

function resolveOptions(options: StackOptions): { home: string; ports: StackPorts; progress: (line: string) => void } {
  const given = process.env.REPLICATOR_STACK_PORT_BASE;
  const base = options.portBase ?? (given ? Number(given) : DEFAULT_PORT_BASE);
  if (!Number.isInteger(base) || base < 1024 || base > 65_536 - PORTS_PER_STACK)
    throw new StackError(
      `REPLICATOR_STACK_PORT_BASE is ${given ?? base}; expected the first of ${PORTS_PER_STACK} ports, a whole number from 1024 to ${65_536 - PORTS_PER_STACK}`,
    );
  return {
    home: options.home ?? stackHome(),
    ports: stackPorts(base),
    progress: options.progress ?? ((line) => process.stderr.write(`${line}\n`)),
  };
}
