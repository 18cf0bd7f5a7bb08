import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { BlockedQueue, CommandAnswer } from '../../src/replication/messages.ts';
import { QUARANTINE_TOPIC } from '../../src/replication/names.ts';
import { openRemotingCluster } from '../../src/transport/remoting/cluster.ts';
import type { Cluster } from '../../src/transport/types.ts';
import { deleteTopic } from '../support/delete-topic.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import type { TestMessage } from '../support/messages.ts';
import { readCommitLog } from '../support/oracle/commit-log.ts';
import { startBroker, useStack, type TestCluster } from '../support/servers.ts';
import { FULL } from '../support/sizes.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const MINUTE = 60_000;
const SIZE = { perm: 6, order: false, attributes: {} };

const stack = useStack();
let worker: WorkerProcess;
let live: LiveReplication;
let east: Cluster;
let west: Cluster;

beforeAll(async () => {
  worker = await WorkerProcess.start(stack);
  east = openRemotingCluster({ name: 'east', nameServers: stack.east.nameServers });
  west = openRemotingCluster({ name: 'west', nameServers: stack.west.nameServers });
});

afterAll(async () => {
  east.close();
  west.close();
  await worker.stop();
});

beforeEach(async () => {
  live = await LiveReplication.create(stack);
});

afterEach(async () => {
  await live.close();
});

test(
  'R8: a recreated topic blocks its queues; acceptHistory copies all of it, also after the worker and the workflow are gone',
  async () => {
    await send('old', 40);
    await live.start();
    await live.reaches(40, MINUTE);
    await deleteTopic(stack.east, live.topic);
    await east.admin.putTopic(stack.east.brokerName, live.topic, { readQueues: 4, writeQueues: 4, ...SIZE });
    await send('new', 10);
    expect(await blockedSince('')).toMatchObject({ kind: 'history', queue: 0, to: 0 });
    expect(await update('acceptHistory', { topic: live.topic, queue: 0 })).toMatchObject({ done: true });
    await eventually(MINUTE, async () => (await bodies(0)).length === 50);
    // what was accepted is journaled: neither a new worker nor an empty workflow goes back to the old generation
    await (await live.handle()).terminate('to be started again');
    // the locks of a killed one lapse after a minute
    await (FULL ? worker.kill() : worker.stop());
    worker = await WorkerProcess.start(stack);
    await live.start();
    await send('more', 5);
    await eventually(3 * MINUTE, async () => (await bodies(0)).length === 55);
    expect(await bodies(0)).toEqual([...row('old', 40), ...row('new', 10), ...row('more', 5)]);
    expect((await live.status()).epoch).toBeGreaterThan(1);
  },
  6 * MINUTE,
);

test(
  'R1: a destination queue that is gone blocks its source queue, and does not come back by itself; remap copies it elsewhere',
  async () => {
    await send('old', 20, 3);
    await live.start({ onPoison: 'quarantine' });
    await live.reaches(20, MINUTE);
    await west.admin.putTopic(stack.west.brokerName, live.topic, { readQueues: 3, writeQueues: 3, ...SIZE });
    await send('new', 5, 3);
    expect(await blockedSince('')).toMatchObject({ kind: 'queue-gone', queue: 3, at: 20 });
    // whoever prepares anew must not bring it back
    await update('pause', {});
    const paused = new Date().toISOString();
    await update('resume', {});
    expect(await blockedSince(paused)).toMatchObject({ kind: 'queue-gone', queue: 3, at: 20 });
    expect(await west.admin.topicConfig(stack.west.brokerName, live.topic)).toMatchObject({ writeQueues: 3 });
    await deleteTopic(stack.west, QUARANTINE_TOPIC);
    expect(await update('remap', { topic: live.topic, queue: 3, toQueue: 0 })).toMatchObject({ done: true });
    expect(await west.admin.topicConfig(stack.west.brokerName, QUARANTINE_TOPIC)).toBeDefined();
    await eventually(MINUTE, async () => (await bodies(0)).length === 5);
    await send('more', 5, 3);
    await eventually(MINUTE, async () => (await bodies(0)).length === 10);
    expect(await bodies(0)).toEqual([...row('new', 5), ...row('more', 5)]);
  },
  5 * MINUTE,
);

test(
  'R4: a destination topic that was deleted gets again what it held, once it is brought back',
  async () => {
    await send('old', 20);
    await live.start();
    await live.reaches(20, MINUTE);
    await deleteTopic(stack.west, live.topic);
    await send('new', 5);
    expect(await blockedSince('')).toMatchObject({ kind: 'queue-gone', queue: 0, at: 20 });
    await update('pause', {});
    const paused = new Date().toISOString();
    await update('resume', {});
    expect(await blockedSince(paused)).toMatchObject({ kind: 'queue-gone', queue: 0, at: 20 });
    await west.admin.putTopic(stack.west.brokerName, live.topic, { readQueues: 4, writeQueues: 4, ...SIZE });
    await update('pause', {});
    await update('resume', {});
    // the broker's log holds also what was deleted
    await eventually(MINUTE, async () => (await bodies(0)).length === 45);
    expect(await bodies(0)).toEqual([...row('old', 20), ...row('old', 20), ...row('new', 5)]);
    expect(await west.admin.range({ topic: live.topic, broker: stack.west.brokerName, id: 0 })).toMatchObject({
      max: 25,
    });
  },
  3 * MINUTE,
);

test.runIf(FULL)(
  'R1: remap leads to a queue on another broker of the destination, also for the pump of the next worker',
  async () => {
    const first = await startBroker({ name: 'pair' });
    const pair = openRemotingCluster({ name: 'pair', nameServers: first.nameServers });
    live = await LiveReplication.create(stack, stack.east, first);
    await worker.stop();
    const config = join(first.broker.folder, 'replicator.yaml');
    const nameServers = ({ nameServers }: TestCluster) => `[${nameServers.join(', ')}]`;
    await writeFile(
      config,
      `clusters:
  east: { kind: apache, nameServers: ${nameServers(stack.east)} }
  pair: { kind: apache, nameServers: ${nameServers(first)} }
`,
    );
    worker = await WorkerProcess.start(stack, config);
    await send('old', 20, 3);
    await live.start();
    await live.reaches(20, MINUTE);
    const second = await startBroker({ name: 'pair-b', joins: { cluster: first, brokerName: 'pair-b' } });
    await pair.admin.putTopic('pair-b', live.topic, { readQueues: 1, writeQueues: 1, ...SIZE });
    await pair.admin.putTopic(first.brokerName, live.topic, { readQueues: 3, writeQueues: 3, ...SIZE });
    await send('new', 5, 3);
    expect(await blockedSince('')).toMatchObject({ kind: 'queue-gone', queue: 3, at: 20 });
    const to = { topic: live.topic, queue: 3, toBroker: 'pair-b' };
    expect(await update('remap', { ...to, toQueue: 1 })).toMatchObject({ done: false });
    expect(await update('remap', { ...to, toQueue: 0 })).toMatchObject({ done: true });
    await eventually(MINUTE, async () => (await bodies(0, second)).length === 5);
    await worker.kill();
    worker = await WorkerProcess.start(stack, config);
    await send('more', 5, 3);
    await send('others', 5, 0);
    await eventually(MINUTE, async () => (await bodies(0, second)).length === 10);
    await eventually(MINUTE, async () => (await bodies(0, first)).length === 5);
    expect(await bodies(0, second)).toEqual([...row('new', 5), ...row('more', 5)]);
    expect(await bodies(0, first)).toEqual(row('others', 5));
    pair.close();
    await second.remove();
    await first.remove();
  },
  5 * MINUTE,
);

/** The first queue that is blocked, and was found so after this time. ISO 8601 */
async function blockedSince(time: string): Promise<BlockedQueue> {
  return await eventually(MINUTE, async () => (await live.status()).blocked.find(({ since }) => since > time));
}

async function update(name: string, input: object): Promise<CommandAnswer> {
  return await (await live.handle()).executeUpdate<CommandAnswer, [object]>(name, { args: [input] });
}

async function send(name: string, count: number, queue = 0): Promise<void> {
  const messages = row(name, count).map((text): TestMessage => ({
    ...{ flag: 0, sysFlag: 0, body: Buffer.from(text) },
    properties: [['UNIQ_KEY', `${text}-${Date.now()}`]],
  }));
  await live.produceTo([live.queues[queue]!], messages);
}

function row(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

async function bodies(number: number, { broker }: TestCluster = stack.west): Promise<string[]> {
  const found: string[] = [];
  await readCommitLog(join(broker.folder, 'store'), live.topic, ({ queue, body }) => {
    if (queue === number) found.push(body.toString());
  });
  return found;
}
