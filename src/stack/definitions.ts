/** The servers of the local stack: names, versions, ports and settings. Local processes and docker-compose.yml are both made from this. */

export const ROCKETMQ_VERSION = '5.5.0';
export const TEMPORAL_CLI_VERSION = '1.5.1';

export const CLUSTERS = ['east', 'west'] as const;
export type ClusterName = (typeof CLUSTERS)[number];

/** Days for which closed workflows stay readable. */
export const RETENTION_DAYS = 30;

/** First of the 200 ports of a stack; below every system's range of ephemeral ports. */
export const DEFAULT_PORT_BASE = 19_800;
/** How far apart the port bases of two stacks must be. */
export const PORTS_PER_STACK = 200;

export interface ClusterPorts {
  readonly nameServer: number;
  /** The broker also listens on `broker - 2` (a second port for the same requests) and `broker + 1` (replication). */
  readonly broker: number;
  readonly proxyRemoting: number;
  readonly proxyGrpc: number;
}

export interface StackPorts {
  /** Held while a command changes the stack, so that two never do at once. */
  readonly lock: number;
  readonly temporal: number;
  readonly temporalUi: number;
  readonly clusters: Readonly<Record<ClusterName, ClusterPorts>>;
}

/** Close to the servers' usual ports: 19876 for 9876, 19811 for 10911, 19833 for 7233; `west` is 100 above `east`. */
export function stackPorts(base: number): StackPorts {
  const cluster = (first: number): ClusterPorts => ({
    nameServer: first + 76,
    broker: first + 11,
    proxyRemoting: first + 80,
    proxyGrpc: first + 81,
  });
  return {
    lock: base,
    temporal: base + 33,
    temporalUi: base + 34,
    clusters: { east: cluster(base), west: cluster(base + 100) },
  };
}

export function brokerPorts(port: number): number[] {
  return [port - 2, port, port + 1];
}

export type Settings = Readonly<Record<string, string | number | boolean>>;

export function nameServerSettings(port: number, bindAddress: string): Settings {
  return { listenPort: port, bindAddress };
}

export interface BrokerPlace {
  readonly cluster: string;
  readonly brokerName: string;
  readonly port: number;
  readonly nameServerPort: number;
  readonly bindAddress: string;
}

export function brokerSettings(place: BrokerPlace): Settings {
  return {
    brokerClusterName: place.cluster,
    brokerName: place.brokerName,
    brokerId: 0,
    // The address that clients get from the name server.
    brokerIP1: '127.0.0.1',
    bindAddress: place.bindAddress,
    listenPort: place.port,
    namesrvAddr: `127.0.0.1:${place.nameServerPort}`,
    registerNameServerPeriod: 10_000,
    autoCreateTopicEnable: false,
    autoCreateSubscriptionGroup: false,
    enablePropertyFilter: true,
    mappedFileSizeCommitLog: 64 * 1024 * 1024,
    diskMaxUsedSpaceRatio: 99,
    // TransactionMetricsFlushService of 5.x spins until so many ms after the start are over (its default is 10 s).
    transactionMetricFlushInterval: 1000,
    // TimerWheel.flush of 5.x compares 38 MB byte by byte; by default each second.
    timerFlushIntervalMs: 10_000,
  };
}

export interface ProxyPlace {
  readonly cluster: string;
  readonly ports: ClusterPorts;
}

export function proxySettings({ cluster, ports }: ProxyPlace): Settings {
  return {
    rocketMQClusterName: cluster,
    namesrvAddr: `127.0.0.1:${ports.nameServer}`,
    localServeAddr: '127.0.0.1',
    remotingListenPort: ports.proxyRemoting,
    grpcServerPort: ports.proxyGrpc,
    grpcShutdownTimeSeconds: 1,
  };
}

export function brokerName(cluster: string): string {
  return `${cluster}-a`;
}

/** As name servers and brokers read it. */
export function asProperties(settings: Settings): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** As proxies read it. */
export function asJson(settings: Settings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}
