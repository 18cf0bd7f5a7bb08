import { z } from 'zod';
import { isSystemGroup } from './group-choice.ts';
import { CLUSTER_NAME, GROUP_NAME, isOwnName } from './names.ts';

/** The input of the `replication` workflow, and one entry of `replications` in the configuration file. What is said of a key shows in editors. */

const clusterName = z.string().regex(CLUSTER_NAME, 'expected the name of a cluster: letters, digits and -, at most 24');

/** The name of a topic, or a pattern in which `*` stands for any text. */
const topic = z
  .string()
  .regex(/^[%|A-Za-z0-9_*-]{1,127}$/, 'expected a topic: letters, digits and % | _ -, at most 127; * for any text')
  .refine((name) => !isOwnName(name), 'topics of the replicator itself (REPLICATOR_...) cannot be replicated');

/** The name of a consumer group, or a pattern. */
const group = z
  .string()
  .regex(
    /^[%|A-Za-z0-9_*-]{1,120}$/,
    'expected a consumer group: letters, digits and % | _ -, at most 120; * for any text',
  )
  .refine((name) => !isOwnName(name), 'groups of the replicator itself (REPLICATOR_...) cannot be replicated')
  .refine((name) => !isSystemGroup(name), 'groups of RocketMQ itself cannot be replicated');

const groupName = z.string().regex(GROUP_NAME, 'expected a consumer group: letters, digits and % | _ -, at most 120');

const BYTES_EXPECTED = 'expected bytes, such as 1048576 or 50MiB';
const UNITS = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** Bytes as a number, or as text such as `50MiB`. */
export const byteSize = z
  .union([z.number(), z.string().regex(/^\d+ ?(KiB|MiB|GiB)?$/, BYTES_EXPECTED)], BYTES_EXPECTED)
  .transform((size) => {
    if (typeof size === 'number') return size;
    const [, digits, unit] = /^(\d+) ?(\w*)$/.exec(size)!;
    return Number(digits) * UNITS[unit as keyof typeof UNITS];
  })
  .pipe(z.int().min(1));

const START_EXPECTED = 'expected earliest, latest, an ISO 8601 time such as 2026-01-31T08:00:00Z, or { group: NAME }';
const start = z.union(
  [
    z.literal('earliest'),
    z.literal('latest'),
    z.iso.datetime({ offset: true, error: START_EXPECTED }),
    z.strictObject({ group: groupName.describe('begin where this group stands on the source') }),
  ],
  START_EXPECTED,
);

/** Properties that clients and brokers read (MessageConst in org.apache.rocketmq.common.message), but for those that are not copied anyway. */
const ROCKETMQ_PROPERTIES: ReadonlySet<string> = new Set([
  ...['KEYS', 'TAGS', 'UNIQ_KEY', 'WAIT', '__SHARDINGKEY', 'BUYER_ID', 'INSTANCE_ID', 'EXTEND_UNIQ_INFO'],
  ...['MSG_REGION', 'TRACE_ON', 'CLUSTER', 'PGROUP', '__BORNHOST', 'BORN_TIMESTAMP', 'BORN_HOST', 'MSG_TYPE'],
  ...['ORIGIN_MESSAGE_ID', 'CORRELATION_ID', 'REPLY_TO_CLIENT', 'TTL', 'DLQ_ORIGIN_TOPIC', 'DLQ_ORIGIN_MESSAGE_ID'],
  ...['__transactionId__', 'CONSUME_START_TIME', 'MIN_OFFSET', 'MAX_OFFSET', 'DUP_INFO', '__MESSAGE_GROUP'],
]);

/** A property that every copy of this task carries, for SQL-92 filters on the destination. */
const tag = z.strictObject({
  key: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'expected a name that SQL-92 filters can use: letters, digits and _')
    .refine((key) => !key.startsWith('REPL_'), "names that begin with REPL_ are the replicator's own")
    .refine((key) => !ROCKETMQ_PROPERTIES.has(key), "this name is one of RocketMQ's own; a tag would replace it (R2)")
    .describe('letters, digits and `_`, not beginning with `REPL_`, at most 64 characters'),
  value: z
    .string()
    .max(255)
    // eslint-disable-next-line no-control-regex -- 0x01 and 0x02 separate a message's properties
    .regex(/^[^\u0000-\u001f]*$/, 'expected text without control characters')
    .describe('at most 255 characters'),
});

const LATER = 'not available yet';

const filter = z.union(
  [
    z.strictObject({ sql: z.string().min(1).describe(LATER) }),
    z.strictObject({ tags: z.array(z.string().min(1)).min(1).describe(LATER) }),
  ],
  'expected { sql: EXPRESSION } or { tags: [a, b] }',
);

export const replicationInput = z
  .strictObject({
    source: clusterName.describe('where messages are read'),
    destination: clusterName.describe('where copies are written'),
    mode: z
      .enum(['one-way', 'two-way'])
      .default('one-way')
      .describe('`two-way` copies each topic in both directions; no copy is ever copied back'),
    topics: z
      .array(topic)
      .min(1)
      .describe(
        'a topic that is missing at the destination is created as it is on the source, one with too few queues is widened; ' +
          'patterns such as `pay-*` choose topics as they appear',
      ),
    exclude: z
      .array(topic)
      .default([])
      .describe('names and patterns of topics that the patterns of `topics` leave out'),
    groups: z
      .array(group)
      .default([])
      .describe(
        'consumer groups, and patterns, whose progress is copied, with what waits for them in retry topics: their offsets at the destination ' +
          'follow those on the source, on groups that are created there as they are on the source, but disabled. Where copies go both ways ' +
          'progress follows from the side where the application is served: at first the source',
      ),
    resetOnline: z
      .array(group)
      .default([])
      .describe(
        'names and patterns of those groups that are moved although consumers are online at the destination, which are told; ' +
          'without it such a group is left alone',
      ),
    start: start
      .default('earliest')
      .describe(
        'where a queue begins of which nothing has been copied yet; any other queue goes on exactly where it stands',
      ),
    tags: z
      .array(tag)
      .default([])
      .describe('properties that every copy carries, for SQL-92 filters at the destination'),
    filter: filter.optional().describe(LATER),
    onGap: z
      .enum(['block', 'skip'])
      .default('block')
      .describe(
        'when messages that are not copied yet are gone from the source (retention): stop this queue until an operator decides, ' +
          'or go on behind the gap and count it',
      ),
    onPoison: z
      .enum(['block', 'quarantine'])
      .default('block')
      .describe(
        'when the destination refuses a message for good: stop this queue, or set the message aside in the topic ' +
          '`REPLICATOR_QUARANTINE` of the destination and go on; `redrive` copies it later',
      ),
    rateLimit: z
      .strictObject({
        bytesPerSecond: byteSize.optional().describe('units `KiB`, `MiB`, `GiB`'),
        messagesPerSecond: z.int().min(1).optional().describe('messages copied in a second'),
      })
      .default({})
      .describe('limits of each direction, divided over its shards'),
    parallelism: z
      .int()
      .min(1)
      .max(256)
      .default(1)
      .describe('number of shards: the source queues are divided over as many pumps'),
  })
  .refine(({ source, destination }) => source !== destination, {
    path: ['destination'],
    error: 'expected another cluster than the source',
  })
  .refine(({ topics, exclude }) => !exclude.some((name) => topics.includes(name)), {
    path: ['exclude'],
    error: 'expected no entry of topics; what is named there is copied',
  });

/** As an operator writes it. */
export type ReplicationConfig = z.input<typeof replicationInput>;
/** With every default filled in. */
export type ReplicationInput = z.output<typeof replicationInput>;

/** What the schema knows but this release does not do yet; each entry is a sentence for the operator. */
export function notAvailableYet(input: ReplicationInput): string[] {
  const missing: string[] = [];
  if (input.filter) missing.push('filter: not available yet; leave it out');
  return missing;
}
