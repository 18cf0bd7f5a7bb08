import { ConfigError, type ConfigProblem } from '../../../src/config/config-error.ts';
import { parseConfig } from '../../../src/config/load.ts';

export const GOOD_FILE = `
clusters:
  east: { kind: apache, region: cn-hangzhou, nameServers: [127.0.0.1:19876], auth: { accessKey: \${EAST_AK}, secretKey: \${EAST_SK} }, tls: true }
  west:
    kind: apsaramq-4.0
    nameServers: "10.0.0.1:9876; [::1]:9876"
replications:
  orders:
    source: east
    destination: west
    topics: [orders, "%RETRY%billing"]
    start: { group: billing }
    tags: [{ key: region, value: east }]
    rateLimit: { bytesPerSecond: 50MiB }
    parallelism: 2
worker:
  pumpSlots: 4
`;
export const GOOD_ENVIRONMENT = { EAST_AK: 'access', EAST_SK: 's3cret-value' };

/** Every key that the schema knows, each with a value of the right shape; some are not available yet. */
export const EVERY_KEY = {
  clusters: {
    east: {
      kind: 'apache',
      region: 'r',
      nameServers: ['a:1', 'b:2'],
      auth: { accessKey: 'a', secretKey: 's', securityToken: 't' },
      tls: true,
      protocol: 'remoting',
      endpoints: 'a:8081',
      edition: 'e',
    },
    west: { kind: 'apache', nameServers: ['c:3'] },
  },
  replications: {
    orders: {
      source: 'east',
      destination: 'west',
      mode: 'one-way',
      topics: ['orders', 'pay-*'],
      exclude: ['pay-test'],
      groups: ['g'],
      resetOnline: ['g'],
      start: { group: 'g' },
      tags: [{ key: 'k', value: 'v' }],
      filter: { tags: ['a'] },
      onGap: 'block',
      onPoison: 'block',
      rateLimit: { bytesPerSecond: '5MiB', messagesPerSecond: 10 },
      parallelism: 2,
    },
    payments: { source: 'east', destination: 'west', topics: ['payments'], filter: { sql: 'a > 1' } },
  },
  worker: { role: 'all', pumpSlots: 4 },
  policy: { regions: [['r', 's']] },
};

/** What is wrong with this file; empty when nothing is. */
export function problemsOf(text: string, environment: Record<string, string> = {}): ConfigProblem[] {
  try {
    parseConfig(text, 'replicator.yaml', environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [...error.problems];
    throw error;
  }
}
