import { stringify } from 'yaml';
import {
  asJson,
  asProperties,
  brokerName,
  brokerPorts,
  brokerSettings,
  CLUSTERS,
  DEFAULT_PORT_BASE,
  nameServerSettings,
  proxySettings,
  RETENTION_DAYS,
  ROCKETMQ_VERSION,
  stackPorts,
  TEMPORAL_CLI_VERSION,
  type ClusterName,
} from './definitions.ts';
import { TEMPORAL_ARGS } from './temporal-server.ts';

const HEADER = `# The local stack for machines with Docker: the same servers, settings and ports as \`replicator stack up\`.
# Not run here: written from the same definitions as the local stack (src/stack/definitions.ts) by \`npm run compose\`.
#
#   docker compose up -d      (stop and remove with: docker compose down)
#
# A cluster's servers share one network namespace, so that 127.0.0.1 and the port mean the same server inside and outside.
# What closed workflows keep is the dev server's one day; for ${RETENTION_DAYS} days run once:
#   docker compose exec temporal temporal operator namespace update -n default --retention ${RETENTION_DAYS}d --address 127.0.0.1:${stackPorts(DEFAULT_PORT_BASE).temporal}
`;

/** In a container the published port arrives at another address than 127.0.0.1; Docker itself listens on loopback only. */
const ANY_ADDRESS = '0.0.0.0';

/** The text of docker-compose.yml. */
export function composeFile(): string {
  const ports = stackPorts(DEFAULT_PORT_BASE);
  const clusters = CLUSTERS.map((name) => clusterServices(name));
  const document = {
    name: 'rocketmq-global-replicator',
    services: {
      temporal: {
        image: `temporalio/temporal:${TEMPORAL_CLI_VERSION}`,
        command: [
          ...TEMPORAL_ARGS,
          ...['--ip', ANY_ADDRESS, '--port', String(ports.temporal), '--ui-port', String(ports.temporalUi)],
        ],
        ports: [ports.temporal, ports.temporalUi].map(published),
      },
      ...clusters.reduce((all, { services }) => ({ ...all, ...services }), {}),
    },
    configs: clusters.reduce((all, { configs }) => ({ ...all, ...configs }), {}),
  };
  return HEADER + stringify(document, { lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false });
}

function clusterServices(cluster: ClusterName): { services: object; configs: object } {
  const ports = stackPorts(DEFAULT_PORT_BASE).clusters[cluster];
  const names = { nameServer: `${cluster}-name-server`, broker: `${cluster}-broker`, proxy: `${cluster}-proxy` };
  const inNameServersNetwork = { network_mode: `service:${names.nameServer}`, depends_on: [names.nameServer] };
  return {
    services: {
      [names.nameServer]: {
        ...rocketmq(names.nameServer, 'mqnamesrv', 256, ['-c']),
        ports: [ports.nameServer, ...brokerPorts(ports.broker), ports.proxyRemoting, ports.proxyGrpc].map(published),
      },
      [names.broker]: { ...rocketmq(names.broker, 'mqbroker', 512, ['-c']), ...inNameServersNetwork },
      [names.proxy]: {
        ...rocketmq(names.proxy, 'mqproxy', 256, ['-pm', 'cluster', '-pc']),
        ...inNameServersNetwork,
        // It ends when its broker is not registered yet.
        restart: 'on-failure',
      },
    },
    configs: {
      [names.nameServer]: { content: asProperties(nameServerSettings(ports.nameServer, ANY_ADDRESS)) },
      [names.broker]: {
        content: asProperties(
          brokerSettings({
            cluster,
            brokerName: brokerName(cluster),
            port: ports.broker,
            nameServerPort: ports.nameServer,
            bindAddress: ANY_ADDRESS,
          }),
        ),
      },
      [names.proxy]: { content: asJson(proxySettings({ cluster, ports })) },
    },
  };
}

function rocketmq(config: string, script: string, heapMiB: number, options: readonly string[]): object {
  const target = `/home/rocketmq/${config}.conf`;
  return {
    image: `apache/rocketmq:${ROCKETMQ_VERSION}`,
    command: ['sh', script, ...options, target],
    environment: { JAVA_OPT_EXT: `-Xms64m -Xmx${heapMiB}m` },
    configs: [{ source: config, target }],
  };
}

function published(port: number): string {
  return `127.0.0.1:${port}:${port}`;
}
