import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { createQuarantine } from '../../../src/pump/prepare/create-quarantine.ts';
import { quarantinedEntry, quarantineQueue } from '../../../src/pump/quarantine/entry.ts';
import { redriveTopic } from '../../../src/pump/quarantine/redrive.ts';
import type { RedriveResult } from '../../../src/replication/messages.ts';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import type { Cluster, Destination, Queue } from '../../../src/transport/types.ts';
import { setBroker } from '../../support/broker-settings.ts';
import { eventually } from '../../support/eventually.ts';
import type { TestMessage } from '../../support/messages.ts';
import { readCommitLog, type LoggedMessage } from '../../support/oracle/commit-log.ts';
import { compareLogs, readLog, type Verdict } from '../../support/oracle/compare.ts';
import { produce } from '../../support/producer.ts';
import { proxyCluster, type ProxiedCluster } from '../../support/proxied-cluster.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { startBroker, useStack, type PrivateCluster } from '../../support/servers.ts';

const SEND_BATCH_MESSAGE = 320;
const QUEUES = 2;
const NARROW = 64 * 1024;
const WIDE = 4 * 1024 * 1024;

const stack = useStack();
let narrow: PrivateCluster;
let proxy: ProxiedCluster;
let east: Cluster;
let west: Cluster;
let writer: Destination;
let seq = 0;

beforeAll(async () => {
  narrow = await startBroker({ name: 'narrow' });
  proxy = await proxyCluster(narrow);
  east = openRemotingCluster({ name: 'east', nameServers: stack.east.nameServers });
  west = openRemotingCluster({ name: 'west', nameServers: proxy.nameServers });
  writer = east.openDestination();
}, 600_000);

afterAll(async () => {
  writer.close();
  east.close();
  west.close();
  await proxy.close();
  await narrow.remove();
});

beforeEach(async () => {
  await setBroker(narrow.broker.address, { maxMessageSize: NARROW });
});

describe('R9: onPoison: block', () => {
  it('status names the message and the limit; with a higher one it is copied in its order', async () => {
    const rig = await newRig('block');
    await send(rig, [plain(), large(), plain()]);
    rig.start();
    const blocked = await eventually(30_000, () => rig.report?.blocked.length === QUEUES && rig.report.blocked[0]);
    expect(blocked).toMatchObject({ kind: 'poison', at: 1 });
    expect(blocked.reason).toMatch(/source offset 1 cannot be copied: as a batch it has \d+ bytes, .* takes 65536 /);
    await rig.stop();
    await setBroker(narrow.broker.address, { maxMessageSize: WIDE });
    rig.start();
    await rig.reaches(3 * QUEUES, 60_000);
    await rig.stop();
    expect(await verdict(rig)).toMatchObject({ copied: 3 * QUEUES, lost: 0, outOfOrder: 0 });
  }, 120_000);

  it('goes on behind the message where an operator says so', async () => {
    const rig = await newRig('skip');
    await send(rig, [plain(), large(), plain()]);
    rig.start({
      skips: Object.fromEntries(rig.queues.map(({ topic, broker, id }) => [`${topic}/${broker}/${id}`, 2])),
    });
    await rig.reaches(QUEUES, 60_000);
    await rig.stop();
    expect(await verdict(rig)).toMatchObject({ copied: QUEUES, lost: 2 * QUEUES, outOfOrder: 0 });
  }, 120_000);
});

describe('R9: onPoison: quarantine', () => {
  it('sets aside what is refused, once; the rest is copied in order; redrive copies it, once', async () => {
    const rig = await newRig('aside');
    await send(rig, [large(), plain(), plain(), large(), large(), longProperties(), plain(), large()]);
    rig.start({ onPoison: 'quarantine' });
    await rig.reaches(3 * QUEUES, 60_000);
    await eventually(30_000, async () => (await entries(rig)).length === 5 * QUEUES);
    const { counters, next } = await rig.stop();
    expect(counters).toMatchObject({ copied: 3 * QUEUES, quarantined: 5 * QUEUES, repeated: 0 });
    expect(Object.values(next!)).toEqual([8, 8]);
    expect(await verdict(rig)).toMatchObject({ copied: 3 * QUEUES, lost: 5 * QUEUES, outOfOrder: 0, changed: 0 });
    for (const entry of await entries(rig)) await checkEntry(rig, entry);

    // Neither a restart nor a higher limit, nor another policy, brings in its order what is in quarantine, or a second entry.
    await send(rig, [plain()]);
    rig.start({ onPoison: 'quarantine' });
    await rig.reaches(4 * QUEUES, 60_000);
    await rig.stop();
    await send(rig, [large()]);
    rig.start({ onPoison: 'quarantine' });
    await eventually(30_000, async () => (await entries(rig)).length === 6 * QUEUES);
    await rig.stop();
    await setBroker(narrow.broker.address, { maxMessageSize: WIDE });
    rig.start();
    await send(rig, [plain()]);
    await rig.reaches(5 * QUEUES, 60_000);
    await rig.stop();
    expect(await entries(rig)).toHaveLength(6 * QUEUES);
    expect(await verdict(rig)).toMatchObject({ copied: 5 * QUEUES, lost: 6 * QUEUES, repeated: 0 });

    expect(await redrive(rig)).toEqual({ redriven: 5 * QUEUES, refusedAgain: QUEUES, missing: 0, more: false });
    const after = { copied: 10 * QUEUES, lost: QUEUES, repeated: 0, outOfOrder: 0, changed: 0 };
    expect(await verdict(rig)).toMatchObject(after);
    expect(await redrive(rig)).toEqual({ redriven: 0, refusedAgain: QUEUES, missing: 0, more: false });
    expect(await verdict(rig)).toMatchObject(after);

    rig.start({ onPoison: 'quarantine' });
    await send(rig, [plain()]);
    await rig.reaches(11 * QUEUES, 60_000);
    expect((await rig.stop()).counters).toMatchObject({ copied: QUEUES, quarantined: 0, repeated: 0 });
    expect(await verdict(rig)).toMatchObject({ copied: 11 * QUEUES, lost: QUEUES, repeated: 0, outOfOrder: 0 });
  }, 240_000);

  it('has one entry a message and loses none while answers are lost', async () => {
    const rig = await newRig('lossy');
    const rounds = 12;
    await send(rig, Array.from({ length: rounds }, () => [plain(), large()]).flat());
    rig.start({ onPoison: 'quarantine', rateLimit: { messagesPerSecond: 4 } });
    for (let strike = 1; strike <= 3; strike++) await proxy.broker.loseAnswer(SEND_BATCH_MESSAGE, 'cut');
    await eventually(120_000, async () => (await entries(rig)).length >= rounds * QUEUES);
    const { counters } = await rig.stop();
    expect(counters.settled).toBeGreaterThan(0);
    const places = (await entries(rig)).map((entry) => property(entry, 'REPL_QUARANTINED'));
    expect(places).toHaveLength(rounds * QUEUES);
    expect(new Set(places).size).toBe(rounds * QUEUES);
    const count = rounds * QUEUES;
    expect(await verdict(rig)).toMatchObject({ copied: count, lost: count, repeated: 0, outOfOrder: 0 });
  }, 240_000);

  it('redrives each message once, though the answer to any of its sends is lost', async () => {
    const rig = await newRig('redrive');
    await send(rig, [large(), large(), large()]);
    rig.start({ onPoison: 'quarantine' });
    await eventually(60_000, async () => (await entries(rig)).length === 3 * QUEUES);
    await rig.stop();
    await setBroker(narrow.broker.address, { maxMessageSize: WIDE });
    // Each message takes three sends; each try loses the answer to the first, second, third ... of what is left.
    const name = `${rig.name}-redrive`;
    let result: RedriveResult | undefined;
    let tries = 0;
    for (; !result; tries++) {
      const done = new AbortController();
      void loseNth(1 + (tries % 3), done.signal);
      result = await redrive(rig, name).catch(() => undefined);
      done.abort();
    }
    expect(tries).toBeGreaterThan(3);
    expect(result).toEqual({ redriven: 3 * QUEUES, refusedAgain: 0, missing: 0, more: false });
    expect(await verdict(rig)).toMatchObject({ copied: 3 * QUEUES, lost: 0, repeated: 0 });
  }, 240_000);

  it('does not take another message for the one whose place it kept', async () => {
    const rig = await newRig('missing');
    await send(rig, [plain()]);
    const [queue] = rig.queues;
    const source = { cluster: 'east', topic: queue!.topic, broker: queue!.broker, queue: 0, generation: 0 };
    const destination = west.openDestination();
    for (const offset of [0, 5]) {
      const entry = quarantinedEntry({ source, offset }, 'a test', Buffer.from('another record'), false);
      await destination.send(quarantineQueue(narrow.brokerName), entry, 5000);
    }
    destination.close();
    expect(await redrive(rig)).toEqual({ redriven: 0, refusedAgain: 0, missing: 2, more: false });
    expect(await rig.copied()).toBe(0);
  }, 120_000);
});

/** Loses the answer to the nth send from now on; gives up when the signal aborts. */
async function loseNth(count: number, until: AbortSignal): Promise<void> {
  for (let sends = 1; sends < count; sends++) {
    const seen = proxy.broker.loseAnswer(SEND_BATCH_MESSAGE, { lateMs: 1 });
    await Promise.race([seen, aborted(until)]);
  }
  if (!until.aborted) await proxy.broker.loseAnswer(SEND_BATCH_MESSAGE, 'cut');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

let topics = 0;

async function newRig(name: string): Promise<PumpRig> {
  const rig = new PumpRig({
    source: east,
    destination: west,
    topic: `quarantine-${name}-${process.pid}-${topics++}`,
    fromBroker: stack.east.brokerName,
    toBroker: narrow.brokerName,
    queues: QUEUES,
  });
  await rig.prepare();
  await createQuarantine(west.admin, [mapOf(rig)]);
  return rig;
}

function mapOf({ queues }: PumpRig) {
  const { topic, broker } = queues[0]!;
  return { topic, from: { broker, queue: 0 }, to: { broker: narrow.brokerName, queue: 0 }, count: QUEUES };
}

let redrives = 0;

async function redrive(rig: PumpRig, name = `${rig.name}-redrive-${redrives}`): Promise<RedriveResult> {
  return await redriveTopic(
    { replication: rig.name, source: 'east', destination: 'west', queues: [mapOf(rig)], tags: [] },
    {
      source: east,
      destination: west,
      owner: `${rig.name}-redriver-${redrives++}`,
      formerOwners: [],
      redrive: name,
      budget: new ByteBudget(64 * 1024 * 1024),
      onWait: () => undefined,
      onProgress: () => undefined,
      signal: AbortSignal.timeout(60_000),
    },
  );
}

/** The same kinds to each queue. */
async function send(rig: PumpRig, messages: readonly TestMessage[]): Promise<void> {
  for (const queue of rig.queues)
    await produce({ writer, queues: [queue], messages: messages.map((message) => numbered(message)) });
}

function numbered(message: TestMessage): TestMessage {
  return { ...message, properties: [['SEQ', String(seq++)], ...message.properties] };
}

function plain(): TestMessage {
  return { flag: 3, sysFlag: 0, body: Buffer.from('plain'), properties: [['KEYS', 'k1']] };
}

function large(): TestMessage {
  return { flag: 0, sysFlag: 0, body: Buffer.alloc(100 * 1024, 7), properties: [] };
}

function longProperties(): TestMessage {
  return { flag: 0, sysFlag: 0, body: Buffer.from('b'), properties: [['LONG', 'x'.repeat(32_730)]] };
}

async function verdict({ queues }: PumpRig): Promise<Verdict> {
  const source = await readLog(join(stack.east.broker.folder, 'store'), queues[0]!.topic);
  return compareLogs(source, await readLog(join(narrow.broker.folder, 'store'), queues[0]!.topic));
}

/** What was set aside of the rig's topic, in the order in which the broker stored it. */
async function entries({ queues }: PumpRig): Promise<LoggedMessage[]> {
  const found: LoggedMessage[] = [];
  await readCommitLog(join(narrow.broker.folder, 'store'), 'REPLICATOR_QUARANTINE', (message) => {
    if (property(message, 'KEYS') === queues[0]!.topic && property(message, 'REPL_QUARANTINED') !== undefined)
      found.push({ ...message, body: Buffer.from(message.body) });
  });
  return found;
}

function property({ properties }: LoggedMessage, name: string): string | undefined {
  return new Map(properties).get(name);
}

/** The record as the source's broker stored it where it fits, else nothing but its place. */
async function checkEntry({ queues }: PumpRig, entry: LoggedMessage): Promise<void> {
  const [, cluster, topic, queue, generation, offset, broker] = property(entry, 'REPL_QUARANTINED')!.split(':');
  expect([cluster, topic, generation, broker]).toEqual(['east', queues[0]!.topic, '0', queues[0]!.broker]);
  const isLong = offset === '5';
  expect(property(entry, 'REPL_REASON')).toMatch(isLong ? /its properties and the provenance/ : /maxMessageSize/);
  const from: Queue = { ...queues[Number(queue)]! };
  const source = east.openSource();
  const { records } = await source.pull(from, { offset: Number(offset), maxMessages: 1, waitMs: 0 });
  source.close();
  expect(entry.body.equals(isLong ? records : Buffer.alloc(0))).toBe(true);
}
