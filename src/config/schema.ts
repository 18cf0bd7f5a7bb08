import { z } from 'zod';
import { replicationInput } from '../replication/input.ts';
import { CLUSTER_NAME, REPLICATION_NAME } from '../replication/names.ts';

/** The configuration file. Every object is strict: a key that is not named here is an error. What is said of a key shows in editors. */

const LATER = 'not available yet';

const HOST_PORT = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([1-9]\d{0,4})$/;

function isHostPort(address: string): boolean {
  const port = HOST_PORT.exec(address)?.[2];
  return port !== undefined && Number(port) <= 65_535;
}

const hostPort = z.string().refine(isHostPort, 'expected host:port, such as 10.0.0.1:9876');

/** A list, or one text with `;` between the addresses as RocketMQ's own tools take it. */
const nameServers = z
  .union(
    [z.array(z.string()), z.string().transform((text) => text.split(';').map((address) => address.trim()))],
    'expected a list of name servers, such as [10.0.0.1:9876], or one text "10.0.0.1:9876;10.0.0.2:9876"',
  )
  .pipe(z.array(hostPort).min(1));

const auth = z.strictObject({
  accessKey: z.string().min(1).describe('names the account'),
  secretKey: z.string().min(1).describe('signs each request (HMAC-SHA1); is not sent'),
  securityToken: z.string().min(1).exactOptional().describe('for temporary credentials'),
});

/** That there are name servers is checked apart from this, so that it is said even when other keys are wrong. */
const cluster = z.strictObject({
  kind: z.enum(['apache', 'apsaramq-4.0', 'apsaramq-5.0']).describe('what it is'),
  region: z.string().min(1).optional().describe('where it is; for people'),
  nameServers: nameServers.optional().describe('its name servers, or the remoting port of a 5.x proxy in cluster mode'),
  auth: auth.optional().describe('credentials; leave it out where the cluster asks for none'),
  tls: z
    .boolean()
    .default(false)
    .describe('encrypt all connections; certificates are not verified, as by official clients'),
  protocol: z.enum(['remoting', 'grpc']).default('remoting').describe('`grpc` is not available yet'),
  endpoints: z.string().min(1).optional().describe(LATER),
  edition: z.string().min(1).optional().describe(LATER),
});

const worker = z.strictObject({
  role: z
    .enum(['control', 'pump', 'all'])
    .default('all')
    .describe(
      '`control` runs workflows and short activities, `pump` moves messages; `replicator worker --role` has precedence',
    ),
  pumpSlots: z.int().min(1).max(1000).default(16).describe('how many pumps (shards) this worker takes at a time'),
});

const policy = z.strictObject({
  regions: z
    .union(
      [z.enum(['apsaramq', 'off']), z.array(z.tuple([z.string().min(1), z.string().min(1)]))],
      'expected apsaramq, off, or a list of pairs of regions',
    )
    .describe(LATER),
});

export const configFile = z.strictObject({
  clusters: z
    .record(
      z.string().regex(CLUSTER_NAME, 'expected the name of a cluster: letters, digits and -, at most 24'),
      cluster,
    )
    .describe('the clusters, by name'),
  replications: z
    .record(
      z.string().regex(REPLICATION_NAME, 'expected the name of a replication: letters, digits and -, at most 48'),
      replicationInput,
    )
    .default({})
    .describe('the replications, by name'),
  worker: worker.default({ role: 'all', pumpSlots: 16 }).describe('settings of the workers that read this file'),
  policy: policy.optional().describe(LATER),
});

export type ConfigFile = z.output<typeof configFile>;
export type WorkerConfig = z.output<typeof worker>;
export type WorkerRole = WorkerConfig['role'];
export type ClusterAuth = z.output<typeof auth>;
export type ClusterKind = z.output<typeof cluster>['kind'];
