import { join } from 'node:path';
import {
  asJson,
  asProperties,
  brokerPorts,
  brokerSettings,
  nameServerSettings,
  proxySettings,
  type BrokerPlace,
  type ProxyPlace,
  type Settings,
} from './definitions.ts';
import type { Java } from './fetch/java.ts';
import { brokerIsRegistered, nameServerAnswers, proxyAnswers } from './probe.ts';
import type { ServerSpec } from './server.ts';

/** What it takes to run RocketMQ's servers. */
export interface RocketmqRuntime {
  readonly java: Java;
  /** Class path of one version's jars. */
  readonly classPath: string;
}

/** Where a server's own folder is made, and what it is called. */
interface Place {
  readonly home: string;
  readonly name: string;
}

export function nameServer(runtime: RocketmqRuntime, place: Place, port: number): ServerSpec {
  const folder = join(place.home, place.name);
  return {
    name: place.name,
    folder,
    ports: [port],
    ...javaProcess(runtime, folder, 256, 'org.apache.rocketmq.namesrv.NamesrvStartup', ['-c', 'name-server.conf']),
    files: { 'name-server.conf': asProperties(nameServerSettings(port, '127.0.0.1')), ...logbackFile('namesrv') },
    isReady: () => nameServerAnswers(port),
  };
}

/** `extra` settings go last, so they win over the stack's own. */
export function broker(
  runtime: RocketmqRuntime,
  place: Place,
  at: Omit<BrokerPlace, 'bindAddress'>,
  extra: Settings = {},
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
    ...javaProcess(runtime, folder, 512, 'org.apache.rocketmq.broker.BrokerStartup', ['-c', 'broker.conf']),
    files: { 'broker.conf': asProperties(settings), ...logbackFile('broker') },
    isReady: () => brokerIsRegistered(at.port, at.nameServerPort),
  };
}

/** Cluster mode: the only one that forwards pulls, sends, offsets and locks. It refuses to start before its broker is there. */
export function proxy(runtime: RocketmqRuntime, place: Place, at: ProxyPlace): ServerSpec {
  const folder = join(place.home, place.name);
  const { proxyRemoting, proxyGrpc } = at.ports;
  return {
    name: place.name,
    folder,
    ports: [proxyRemoting, proxyGrpc],
    ...javaProcess(runtime, folder, 256, 'org.apache.rocketmq.proxy.ProxyStartup', [
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
  heapMiB: number,
  mainClass: string,
  args: readonly string[],
): Pick<ServerSpec, 'command' | 'args' | 'env'> {
  return {
    command: java.command,
    args: [
      '-Xms64m',
      `-Xmx${heapMiB}m`,
      '-XX:+UseSerialGC',
      '-XX:-UsePerfData',
      // Logs and stores default to the user's home.
      `-Duser.home=${folder}`,
      ...java.moduleFlags,
      '-cp',
      classPath,
      mainClass,
      ...args,
    ],
    // Another RocketMQ's settings in the environment must not reach these servers.
    env: { ROCKETMQ_HOME: folder, NAMESRV_ADDR: '', JAVA_TOOL_OPTIONS: '' },
  };
}

/** 4.x refuses to start without this file; 5.x brings its own. */
function logbackFile(server: 'namesrv' | 'broker'): Record<string, string> {
  return { [`conf/logback_${server}.xml`]: '<configuration><root level="ERROR"/></configuration>\n' };
}
