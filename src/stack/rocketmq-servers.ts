import { join } from 'node:path';
import {
  asJson,
  asProperties,
  brokerName,
  brokerPorts,
  brokerSettings,
  nameServerSettings,
  proxySettings,
  type BrokerPlace,
  type ClusterPorts,
  type ProxyPlace,
  type Settings,
} from './definitions.ts';
import type { Java } from './fetch/java.ts';
import { brokerIsRegistered, nameServerAnswers, proxyAnswers } from './probe.ts';
import { temporaryFolder, type ServerSpec } from './server.ts';

/** What it takes to run RocketMQ's servers. */
export interface RocketmqRuntime {
  readonly java: Java;
  /** Class path of one version's jars. */
  readonly classPath: string;
}

/** Of a process that should start quickly, and of one that should run fast. */
const SMALL = ['-Xmx256m', '-XX:TieredStopAtLevel=1'];
const LARGE = ['-Xmx512m'];

/** Where a server's own folder is made, and what it is called. */
interface Place {
  readonly home: string;
  readonly name: string;
}

export interface ClusterServers {
  readonly nameServer: ServerSpec;
  readonly broker: ServerSpec;
  /** Refuses to start before the others are ready. */
  readonly proxy: ServerSpec;
}

/** A cluster of one broker. `extra` broker settings win over the stack's own. */
export function clusterServers(
  runtime: RocketmqRuntime,
  home: string,
  cluster: string,
  ports: ClusterPorts,
  extra: Settings = {},
): ClusterServers {
  const at = { cluster, brokerName: brokerName(cluster), port: ports.broker, nameServerPort: ports.nameServer };
  return {
    nameServer: nameServer(runtime, { home, name: `${cluster}-name-server` }, ports.nameServer),
    broker: broker(runtime, { home, name: `${cluster}-broker` }, at, extra),
    proxy: proxy(runtime, { home, name: `${cluster}-proxy` }, { cluster, ports }),
  };
}

function nameServer(runtime: RocketmqRuntime, place: Place, port: number): ServerSpec {
  const folder = join(place.home, place.name);
  return {
    name: place.name,
    folder,
    ports: [port],
    ...javaProcess(runtime, folder, SMALL, 'org.apache.rocketmq.namesrv.NamesrvStartup', ['-c', 'name-server.conf']),
    files: { 'name-server.conf': asProperties(nameServerSettings(port, '127.0.0.1')), ...logbackFile('namesrv') },
    isReady: () => nameServerAnswers(port),
  };
}

function broker(
  runtime: RocketmqRuntime,
  place: Place,
  at: Omit<BrokerPlace, 'bindAddress'>,
  extra: Settings,
): ServerSpec {
  const folder = join(place.home, place.name);
  const settings = {
    ...brokerSettings({ ...at, bindAddress: '127.0.0.1' }),
    storePathRootDir: join(folder, 'store'),
    storePathCommitLog: join(folder, 'store', 'commitlog'),
    ...extra,
  };
  return {
    name: place.name,
    folder,
    ports: brokerPorts(at.port),
    ...javaProcess(runtime, folder, LARGE, 'org.apache.rocketmq.broker.BrokerStartup', ['-c', 'broker.conf']),
    files: { 'broker.conf': asProperties(settings), ...logbackFile('broker') },
    isReady: () => brokerIsRegistered(at.port, at.nameServerPort),
  };
}

/** Cluster mode: the only one that forwards pulls, sends, offsets and locks. It refuses to start before its broker is there. */
function proxy(runtime: RocketmqRuntime, place: Place, at: ProxyPlace): ServerSpec {
  const folder = join(place.home, place.name);
  const { proxyRemoting, proxyGrpc } = at.ports;
  return {
    name: place.name,
    folder,
    ports: [proxyRemoting, proxyGrpc],
    ...javaProcess(runtime, folder, SMALL, 'org.apache.rocketmq.proxy.ProxyStartup', [
      '-pc',
      'proxy.json',
      '-pm',
      'cluster',
    ]),
    files: { 'proxy.json': asJson(proxySettings(at)) },
    isReady: () => proxyAnswers(proxyRemoting, proxyGrpc),
  };
}

function javaProcess(
  { java, classPath }: RocketmqRuntime,
  folder: string,
  size: readonly string[],
  mainClass: string,
  args: readonly string[],
): Pick<ServerSpec, 'command' | 'args' | 'env'> {
  return {
    command: java.command,
    args: [
      '-Xms64m',
      ...size,
      '-XX:+UseSerialGC',
      '-XX:-UsePerfData',
      // Logs and stores default to the user's home.
      `-Duser.home=${folder}`,
      // Brokers and proxies unpack libraries and keys, 12 MB at each start; Java does not look at TMPDIR.
      `-Djava.io.tmpdir=${temporaryFolder(folder)}`,
      ...java.moduleFlags,
      '-cp',
      classPath,
      mainClass,
      ...args,
    ],
    // Another RocketMQ's settings in the environment must not reach these servers.
    env: { ROCKETMQ_HOME: folder, NAMESRV_ADDR: '' },
  };
}

/** 4.x refuses to start without this file; 5.x brings its own. */
function logbackFile(server: 'namesrv' | 'broker'): Record<string, string> {
  return { [`conf/logback_${server}.xml`]: '<configuration><root level="ERROR"/></configuration>\n' };
}
