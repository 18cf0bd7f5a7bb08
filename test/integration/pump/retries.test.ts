import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRemotingCluster } from '../../../src/transport/remoting/cluster.ts';
import type { Cluster, Destination, Queue } from '../../../src/transport/types.ts';
import { BROKER_VERSIONS, useCluster } from '../../support/broker-versions.ts';
import { eventually } from '../../support/eventually.ts';
import { produce } from '../../support/producer.ts';
import { proxyCluster } from '../../support/proxied-cluster.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { readQueue, sendBack, type Stored } from '../../support/retries.ts';
import { useStack, type TestCluster } from '../../support/servers.ts';
import { SIZES } from '../../support/sizes.ts';
import type { Fate } from '../../support/tcp-proxy.ts';

const SEND_MESSAGE_V2 = 310;
const VIEW_MESSAGE_BY_ID = 33;
const MESSAGES = 20;
/** Brokers write these themselves, or the destination would act on them. */
const NOT_KEPT = ['CLUSTER', 'MSG_REGION', 'TRACE_ON', 'DELAY', 'REAL_TOPIC', 'REAL_QID'];

const stack = useStack();

/** One cluster, a group on it, and messages of a topic that the group fails to process. */
class Side {
  readonly cluster: Cluster;
  readonly writer: Destination;
  readonly #servers: TestCluster;
  readonly #group: string;

  constructor(servers: TestCluster, name: string, group: string, nameServers = servers.nameServers) {
    this.cluster = openRemotingCluster({ name, nameServers });
    this.writer = this.cluster.openDestination();
    this.#servers = servers;
    this.#group = group;
  }

  get retries(): Queue {
    return { topic: `%RETRY%${this.#group}`, broker: this.#servers.brokerName, id: 0 };
  }

  async stored(): Promise<Stored[]> {
    await this.writer.dispatched(this.#servers.brokerName, 10_000);
    return await readQueue(this.writer, this.retries);
  }

  async holds(count: number): Promise<Stored[]> {
    return await eventually(30_000, async () => {
      const stored = await this.stored();
      return stored.length >= count ? stored : undefined;
    });
  }

  async sendBack(messages: readonly Stored[]): Promise<void> {
    await sendBack(this.#servers.broker.address, this.#group, messages);
  }

  /** So many messages of a topic that fail for the first time. */
  async fail(count: number): Promise<void> {
    const topic = `fails-${this.#group}`;
    const queue = { topic, broker: this.#servers.brokerName, id: 0 };
    const size = { readQueues: 1, writeQueues: 1, perm: 6, order: false, attributes: {} };
    if (!(await this.cluster.admin.topicConfig(queue.broker, topic)))
      await this.cluster.admin.putTopic(queue.broker, topic, size);
    const { max } = await this.cluster.admin.range(queue);
    const messages = Array.from({ length: count }, (_, index) => ({
      ...{ flag: index, sysFlag: 0, body: Buffer.from(`body ${max + index} 值`) },
      properties: [
        ['UNIQ_KEY', `${this.cluster.name} ${max + index}`],
        ['größe', '✓'],
      ] as const,
    }));
    await produce({ writer: this.writer, queues: [queue], messages });
    await this.writer.dispatched(queue.broker, 10_000);
    await this.sendBack((await readQueue(this.writer, queue)).slice(max));
  }

  close(): void {
    this.writer.close();
    this.cluster.close();
  }
}

interface Rig {
  readonly source: Side;
  readonly destination: Side;
  readonly pump: PumpRig;
  /** The other way. */
  readonly back: PumpRig;
}

let groups = 0;

async function rigTo(servers: TestCluster, nameServers?: readonly string[]): Promise<Rig> {
  const group = `retries-${Date.now()}-${groups++}`;
  const source = new Side(stack.west, 'near', group);
  const destination = new Side(servers, 'far', group, nameServers);
  const topic = source.retries.topic;
  const both = { topic, queues: 1 };
  const there = { source: source.cluster, destination: destination.cluster };
  const back = { source: destination.cluster, destination: source.cluster };
  const [near, far] = [source.retries.broker, destination.retries.broker];
  const pump = new PumpRig({ ...both, ...there, fromBroker: near, toBroker: far });
  const rig = { source, destination, pump, back: new PumpRig({ ...both, ...back, fromBroker: far, toBroker: near }) };
  for (const side of [source, destination]) await side.cluster.admin.createGroup(group);
  await rig.pump.prepare();
  await rig.back.prepare();
  return rig;
}

const closing: (() => void)[] = [];
afterAll(() => {
  for (const close of closing) close();
});

/** What must arrive as it was. */
function identity({ flag, reconsumeTimes, body, properties }: Stored) {
  const kept = [...properties].filter(([name]) => !NOT_KEPT.includes(name) && !name.startsWith('REPL_')).sort();
  return { flag, reconsumeTimes, body, kept };
}

/** Offsets of the source of which these are copies, in their order. */
function copiedFrom(stored: readonly Stored[]): number[] {
  return stored
    .filter(({ properties, reconsumeTimes }) => properties.get('REPL_TRIES') === String(reconsumeTimes))
    .map(({ properties }) => Number(properties.get('REPL_FROM')!.split(':')[5]));
}

const upTo = (count: number) => Array.from({ length: count }, (_, offset) => offset);

describe.each(BROKER_VERSIONS)('what waits for another try, copied to %s', (version) => {
  const to = useCluster(version);
  let rig: Rig;
  beforeAll(async () => {
    rig = await rigTo(to());
    closing.push(
      () => {
        rig.source.close();
      },
      () => {
        rig.destination.close();
      },
    );
  }, 60_000);

  test('R2, R3: arrives as it was, as often tried, and says where it came from', async () => {
    const { source, destination, pump } = rig;
    await source.fail(MESSAGES);
    pump.start();
    const copies = await destination.holds(MESSAGES);
    const originals = await source.stored();
    expect(copies.map(identity)).toEqual(originals.map(identity));
    expect(originals.map(({ reconsumeTimes }) => reconsumeTimes)).toEqual(upTo(MESSAGES).map(() => 1));
    const { topic, broker } = source.retries;
    for (const [offset, { properties }] of copies.entries()) {
      expect(properties.get('REPL_FROM')).toBe(`1:near:${topic}:0:0:${offset}:${broker}`);
      expect(properties.get('REPL_ORIGIN')).toBe('near');
      expect(properties.get('RETRY_TOPIC')).toMatch(/^fails-/);
      expect(properties.has('DELAY')).toBe(false);
    }
  });

  test('R4: what consumers of the destination send back looks like copies, and is none', async () => {
    const { source, destination, pump } = rig;
    const copies = await destination.stored();
    // some that are older than the newest copy, and that one itself
    await destination.sendBack([...copies.slice(0, 5), ...copies.slice(-1)]);
    await destination.holds(MESSAGES + 6);
    await pump.stop();
    // nothing but the log can tell where copying stands
    await source.cluster.admin.commit(pump.group, source.retries, 0);
    await destination.cluster.admin.commit(pump.group, destination.retries, 0);
    await source.fail(5);
    pump.start({ starts: {} });
    const all = await destination.holds(MESSAGES + 6 + 5);
    await source.holds(MESSAGES + 5);
    const { counters } = await pump.stop();
    expect(copiedFrom(all)).toEqual(upTo(MESSAGES + 5));
    expect(pump.repeats).toEqual([]);
    expect(counters).toMatchObject({ copied: 5, repeated: 0, loopSkipped: 0 });
  });

  test('R7: what consumers of the destination send back travels back, copies do not', async () => {
    const { source, destination, pump, back } = rig;
    back.start();
    pump.start();
    const all = await source.holds(MESSAGES + 5 + 6);
    expect(all.slice(MESSAGES + 5).map(({ reconsumeTimes }) => reconsumeTimes)).toEqual([2, 2, 2, 2, 2, 2]);
    expect(all.slice(MESSAGES + 5).map(({ properties }) => properties.get('REPL_ORIGIN'))).toEqual(
      Array.from({ length: 6 }, () => 'far'),
    );
    // and back and forth: what came from there and failed again here is a message of this side
    await source.sendBack(all.slice(-2));
    await destination.holds(MESSAGES + 6 + 5 + 2);
    await destination.sendBack((await destination.stored()).slice(-1));
    const last = await source.holds(MESSAGES + 5 + 6 + 2 + 1);
    expect(last.at(-1)!.reconsumeTimes).toBe(4);
    // until both pumps have come to the end of what the other one wrote
    const idle = async ({ queues: [from], group, source: { admin } }: PumpRig) =>
      (await admin.committed(group, from!)) === (await admin.range(from!)).max;
    await eventually(20_000, async () => (await idle(pump)) && (await idle(back)));
    const [there, here] = [await pump.stop(), await back.stop()];
    expect([there.counters.repeated, here.counters.repeated]).toEqual([0, 0]);
    expect([(await source.stored()).length, (await destination.stored()).length]).toEqual([
      MESSAGES + 5 + 6 + 2 + 1,
      MESSAGES + 6 + 5 + 2 + 1,
    ]);
  });
});

test('R9: what a 5.x broker puts into the dead letters, because a group consumes in order there, blocks its queue', async () => {
  const { source, destination, pump } = await rigTo(stack.east);
  const { topic, broker } = destination.retries;
  const group = topic.slice('%RETRY%'.length);
  const ordered = destination.cluster.openDestination();
  closing.push(
    () => {
      ordered.close();
    },
    () => {
      source.close();
    },
    () => {
      destination.close();
    },
  );
  await ordered.lock(broker, group, 'ordered@consumer', [destination.retries]);
  await source.fail(1);
  pump.start();
  const blocked = await eventually(20_000, () => pump.report?.blocked[0]);
  expect(blocked).toMatchObject({ kind: 'poison', at: 0 });
  expect(blocked.reason).toContain(`put the message into %DLQ%${group} instead`);
  await pump.stop();
  await ordered.unlock(broker, group, 'ordered@consumer', [destination.retries]);
  pump.start();
  expect(copiedFrom(await destination.holds(1))).toEqual([0]);
  await pump.stop();
});

describe('R4: a message alone whose answer is lost is not repeated', () => {
  const fates: [string, number, Fate][] = [
    ['the connection is cut after the broker stored it', SEND_MESSAGE_V2, 'cut'],
    ['the answer never comes', SEND_MESSAGE_V2, 'swallow'],
    ['the connection is cut while it is looked at', VIEW_MESSAGE_BY_ID, 'cut'],
  ];
  test.each(SIZES.kills > 2 ? fates : fates.filter(([, , fate]) => fate === 'cut'))('%s', async (_, code, fate) => {
    const proxy = await proxyCluster(stack.east);
    const { source, destination, pump } = await rigTo(stack.east, proxy.nameServers);
    closing.push(
      () => {
        source.close();
      },
      () => {
        destination.close();
      },
    );
    await source.fail(10);
    await source.holds(10);
    let lost = proxy.broker.loseAnswer(code, fate);
    pump.start();
    await lost;
    await destination.holds(10);
    lost = proxy.broker.loseAnswer(code, fate);
    await source.fail(3);
    await lost;
    const all = await destination.holds(13);
    const { counters } = await pump.stop();
    expect(copiedFrom(all)).toEqual(upTo(13));
    expect(counters).toMatchObject({ settled: 2, repeated: 0 });
    await proxy.close();
  });
});
