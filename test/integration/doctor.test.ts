import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import type { Credentials } from '../../src/remoting/call.ts';
import { prepareFlow } from '../../src/pump/prepare-flow.ts';
import { replicationInput } from '../../src/replication/input.ts';
import { flowGroup } from '../../src/replication/names.ts';
import { openRemotingCluster } from '../../src/transport/remoting/cluster.ts';
import type { Cluster } from '../../src/transport/types.ts';
import { ACCOUNT, ADMIN, startGuarded4, startGuarded5, type GuardedCluster } from '../support/access-control.ts';
import { cli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { encodeBatch } from '../support/messages.ts';
import { startBroker, useStack, type TestCluster } from '../support/servers.ts';

const TOPIC = 'guarded-orders';
/** Not on the destination. */
const MISSING = 'guarded-payments';
const START_TIMEOUT_MS = 600_000;

const stack = useStack();
let folder: string;
let config: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replicator-doctor-'));
  config = join(folder, 'replicator.yaml');
});
afterAll(() => rm(folder, { recursive: true }));

/** What doctor finds in a file with these clusters and the replication `guarded` from source to destination. */
async function doctor(clusters: Record<string, object>, source: string, destination: string, change: object = {}) {
  await writeFile(
    config,
    stringify({ clusters, replications: { guarded: { source, destination, topics: [TOPIC], ...change } } }),
  );
  const environment = { TEMPORAL_ADDRESS: stack.temporal.address, REPLICATOR_CONFIG: config };
  const { code, stdout } = await cli(['doctor', '--json'], environment);
  const { healthy, findings } = JSON.parse(stdout) as { healthy: boolean; findings: Finding[] };
  expect(code).toBe(healthy ? 0 : 1);
  return findings;
}

function entry({ nameServers }: { readonly nameServers: readonly string[] }, auth?: object): object {
  return { kind: 'apache', nameServers, ...(auth ? { auth } : {}) };
}

/** What is refused, by request; what else is wrong, by its text. */
function refused(findings: readonly Finding[]): Map<string, string> {
  const texts = findings.filter(({ result }) => result === 'FAIL').map(({ text }) => text);
  return new Map(texts.map((text) => [/\(([A-Z_]+)\); grant/.exec(text)?.[1] ?? text, text]));
}

describe('access control', () => {
  let old: GuardedCluster;
  let young: GuardedCluster;

  beforeAll(async () => {
    [old, young] = await Promise.all([startGuarded4('guarded4'), startGuarded5('guarded5')]);
    for (const guarded of [old, young])
      await withCluster(guarded, ADMIN, (cluster) => createTopic(cluster, guarded.brokerName));
  }, START_TIMEOUT_MS);
  afterAll(() => Promise.all([old.remove(), young.remove()]));

  it('5.x, source: names what is refused and what to grant; with that a flow can be prepared', async () => {
    const clusters = { guarded: entry(young, ACCOUNT), west: entry(stack.west) };
    await young.grant({ 'Topic:nothing': 'Sub' });
    const before = refused(await doctor(clusters, 'guarded', 'west'));
    expect([...before.keys()].sort()).toEqual([
      'GET_MAX_OFFSET',
      'GET_SUBSCRIPTIONGROUP_CONFIG',
      'GET_TOPIC_CONFIG',
      'PULL_MESSAGE',
      'QUERY_CONSUMER_OFFSET',
      'UPDATE_CONSUMER_OFFSET',
    ]);
    expect(before.get('PULL_MESSAGE')).toMatch(
      /does not let us read messages .*; grant SUB on Topic:guarded-orders and SUB on Group:TOOLS_CONSUMER\. It says: .*NO_PERMISSION/,
    );
    await young.grant({
      [`Topic:${TOPIC}`]: 'Sub,Get',
      'Group:REPLICATOR_*': 'Sub,Get',
      'Group:TOOLS_CONSUMER': 'Sub',
    });
    await eventually(30_000, async () => refused(await doctor(clusters, 'guarded', 'west')).size === 0);
    await prepares(young, ACCOUNT, stack.west, undefined);

    // asking changes nothing, now that there is a group with offsets
    const group = flowGroup({ replication: 'guarded', source: 'guarded', destination: 'west' });
    const offsets = () =>
      withCluster(young, ADMIN, ({ admin }) =>
        Promise.all(
          [0, 1, 2_147_483_647].map((id) => admin.committed(group, { topic: TOPIC, broker: young.brokerName, id })),
        ),
      );
    const committed = await offsets();
    expect(refused(await doctor(clusters, 'guarded', 'west')).size).toBe(0);
    expect(await offsets()).toEqual(committed);
    expect(committed).toEqual([0, 0, undefined]);
  });

  it('5.x, destination: writing, locks and creating a topic as well', async () => {
    const clusters = { east: entry(stack.east), guarded: entry(young, ACCOUNT) };
    await withCluster(stack.east, undefined, (cluster) => createTopic(cluster, stack.east.brokerName, MISSING));
    const journal = { 'Topic:REPLICATOR_STATE': 'Pub,Sub,Get,Create' };
    await young.grant({ [`Topic:${MISSING}`]: 'Get', 'Group:REPLICATOR_*': 'Get', ...journal });
    const before = refused(await doctor(clusters, 'east', 'guarded', { topics: [MISSING] }));
    expect([...before.keys()].sort()).toEqual([
      'LOCK_BATCH_MQ',
      'PULL_MESSAGE',
      'SEND_BATCH_MESSAGE',
      'UPDATE_AND_CREATE_TOPIC',
      'UPDATE_CONSUMER_OFFSET',
    ]);
    await young.grant({
      [`Topic:${MISSING}`]: 'Pub,Sub,Get,Create',
      'Group:REPLICATOR_*': 'Sub,Get',
      'Group:TOOLS_CONSUMER': 'Sub',
      ...journal,
    });
    await eventually(
      30_000,
      async () => refused(await doctor(clusters, 'east', 'guarded', { topics: [MISSING] })).size === 0,
    );
    await withCluster(young, ADMIN, async ({ admin }) => {
      expect(await admin.topic(MISSING)).toBeUndefined();
      expect(await admin.topicConfig(young.brokerName, MISSING)).toBeUndefined();
    });
    await prepares(stack.east, undefined, young, ACCOUNT, MISSING);
  });

  it('unknown credentials are one finding', async () => {
    const wrong = { ...ACCOUNT, secretKey: 'wrong-secret' };
    const findings = await doctor({ guarded: entry(young, wrong), west: entry(stack.west) }, 'guarded', 'west');
    expect(findings.filter(({ result }) => result === 'FAIL')).toEqual([
      { result: 'FAIL', about: 'cluster guarded', text: expect.stringContaining('check signature failed') as string },
    ]);
  });

  it.each(['4.x', '5.x'])('%s: requests are taken with the right secret only', async (version) => {
    const guarded = version === '4.x' ? old : young;
    const queue = { topic: TOPIC, broker: guarded.brokerName, id: 0 };
    const send = (auth?: Credentials) =>
      withCluster(guarded, auth, async (cluster) => {
        const writer = cluster.openDestination();
        const body = encodeBatch([{ flag: 0, sysFlag: 0, body: Buffer.from('x'), properties: [] }]);
        const batch = { sysFlag: 0, bornTimestamp: 1, parts: [body], bytes: body.length, messages: 1 };
        return await writer.send(queue, batch, 5_000).finally(() => {
          writer.close();
        });
      });
    expect(await send(ADMIN)).toBe(0);
    for (const auth of [{ ...ADMIN, secretKey: 'wrong' }, undefined])
      await expect(send(auth)).rejects.toMatchObject({ answered: true, code: version === '4.x' ? 1 : 16 });
    expect(await send(ADMIN)).toBe(1);
  });

  it('4.x, source: the group can be created by hand instead of by an administrator', async () => {
    const clusters = { guarded: entry(old, ACCOUNT), west: entry(stack.west) };
    const before = refused(await doctor(clusters, 'guarded', 'west'));
    expect([...before.keys()].sort()).toEqual([
      'GET_CONSUMER_LIST_BY_GROUP',
      'PULL_MESSAGE',
      'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP',
    ]);
    const flow = flowGroup({ replication: 'guarded', source: 'guarded', destination: 'west' });
    await old.grant({ [`topic ${TOPIC}`]: 'SUB', 'group TOOLS_CONSUMER': 'SUB', [`group ${flow}`]: 'SUB' });
    await withCluster(old, ADMIN, ({ admin }) => admin.createGroup(flow));
    await eventually(30_000, async () => refused(await doctor(clusters, 'guarded', 'west')).size === 0);
    await prepares(old, ACCOUNT, stack.west, undefined);
  });
});

it(
  'broker settings that weaken a promise, and a smaller limit for messages',
  async () => {
    const weak = await startBroker({
      name: 'weak',
      brokerSettings: {
        transientStorePoolEnable: true,
        maxMessageSize: 1_000_000,
        enablePropertyFilter: false,
        autoCreateTopicEnable: true,
        fileReservedTime: 12,
      },
    });
    try {
      await withCluster(stack.east, undefined, (cluster) => createTopic(cluster, stack.east.brokerName));
      const tags = [{ key: 'copied_from', value: 'east' }];
      const findings = await doctor({ east: entry(stack.east), weak: entry(weak) }, 'east', 'weak', { tags });
      const warnings = findings.filter(({ about, result }) => about === 'replication guarded' && result === 'WARN');
      expect(warnings.map(({ text }) => text)).toEqual([
        expect.stringContaining('weak-a has transientStorePoolEnable=true'),
        expect.stringContaining('weak-a has enablePropertyFilter=false'),
        expect.stringContaining('weak of 1,000,000, provenance included'),
      ]);
      expect(findings).toContainEqual({
        result: 'OK',
        about: 'cluster weak',
        text: expect.stringMatching(
          /keeps messages for 12 h, takes up to 1,000,000 bytes, autoCreateTopicEnable true$/,
        ) as string,
      });
      // the template of topics made by themselves must not have made one
      await withCluster(weak, undefined, async ({ admin }) => {
        expect(await admin.topicConfig(weak.brokerName, TOPIC)).toBeUndefined();
      });
    } finally {
      await weak.remove();
    }
  },
  START_TIMEOUT_MS,
);

/** What a start does first, with these accounts. */
async function prepares(
  from: TestCluster,
  fromAuth: Credentials | undefined,
  to: TestCluster,
  toAuth: Credentials | undefined,
  topic = TOPIC,
): Promise<void> {
  await withCluster(from, fromAuth, (source) =>
    withCluster(to, toAuth, async (destination) => {
      const input = replicationInput.parse({ source: source.name, destination: destination.name, topics: [topic] });
      const { map } = await prepareFlow(
        {
          replication: 'guarded',
          input,
          ...{ source: source.name, destination: destination.name, epoch: 1, revision: 0 },
          ...{ map: [], histories: {}, starts: {} },
          discovering: false,
        },
        source,
        destination,
        new AbortController().signal,
      );
      expect(map).toMatchObject([{ topic, count: 2 }]);
    }),
  );
}

async function withCluster<T>(
  { name, nameServers }: TestCluster,
  auth: Credentials | undefined,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = openRemotingCluster({ name: name.startsWith('guarded') ? 'guarded' : name, nameServers, auth });
  try {
    return await work(cluster);
  } finally {
    cluster.close();
  }
}

async function createTopic(cluster: Cluster, broker: string, topic = TOPIC): Promise<void> {
  const config = { readQueues: 2, writeQueues: 2, perm: 6, order: false, attributes: {} };
  await cluster.admin.putTopic(broker, topic, config);
  await eventually(30_000, async () => (await cluster.admin.topic(topic)) !== undefined);
}
