import { expect, test } from 'vitest';
import { countRepeats, readPlaced } from '../../../src/groups/placed-groups.ts';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { placeText } from '../../../src/replication/provenance.ts';
import type { Cluster } from '../../../src/transport/types.ts';
import { useClusters } from '../../support/clusters.ts';
import { eventually } from '../../support/eventually.ts';
import { encodeBatch, type TestMessage } from '../../support/messages.ts';
import { useStack } from '../../support/servers.ts';

const stack = useStack();
const clusters = useClusters(stack);

test('what a group got twice after a failover: from where it went on up to what the source had flushed', async () => {
  const topic = `placed-${Date.now()}`;
  const group = `${topic}-group`;
  const { east, west } = clusters;
  const [from, to] = [stack.east.brokerName, stack.west.brokerName];
  const source = { cluster: east.name, topic, broker: from, queue: 0, generation: 0 };
  await write(east, from, topic, () => []);
  await write(west, to, topic, (offset) => [
    ['REPL_ORIGIN', east.name],
    ['REPL_FROM', placeText({ source, offset })],
  ]);
  for (const { cluster, broker, offset } of [
    { cluster: east, broker: from, offset: 7 },
    { cluster: west, broker: to, offset: 4 },
  ]) {
    await cluster.admin.createGroup(group);
    await cluster.admin.commit(group, { topic, broker, id: 0 }, offset);
  }
  const placed = await readPlaced(west, [to], [topic], [group]);
  expect(placed).toEqual({ rows: [{ group, topic, broker: to, offsets: [[0, 4]] }], more: 0 });
  const map = [{ topic, from: { broker: from, queue: 0 }, to: { broker: to, queue: 0 }, count: 1 }];
  const flow = { replication: 'orders', source: east.name, destination: west.name };
  const known = { ...flow, epoch: 1, revision: 0, map, histories: {}, starts: {} };
  const options = { source: east, destination: west, known, budget: new ByteBudget(1e6) };
  const signal = AbortSignal.timeout(30_000);
  expect(await countRepeats(placed, { ...options, stranded: [], signal })).toEqual({
    ...{ groups: [{ group, messages: 3, stranded: 0 }], more: 0, flushedEveryMs: 5000 },
  });
  // as if what stands behind offset 4 had never been copied
  for (const [to, count] of [
    [10, 3],
    [6, 2],
  ]) {
    const stranded = [{ topic, broker: from, queue: 0, from: 4, to: to!, messages: to! - 4 }];
    const repeats = await countRepeats(placed, { ...options, stranded, signal });
    expect(repeats.groups).toMatchObject([{ group, stranded: count }]);
  }
}, 60_000);

async function write(
  cluster: Cluster,
  broker: string,
  topic: string,
  properties: (offset: number) => TestMessage['properties'],
): Promise<void> {
  const { admin } = cluster;
  await admin.putTopic(broker, topic, { readQueues: 1, writeQueues: 1, perm: 6, order: false, attributes: {} });
  await eventually(30_000, async () => (await admin.topic(topic)) !== undefined);
  const messages = Array.from({ length: 10 }, (_, offset): TestMessage => ({
    ...{ flag: 0, sysFlag: 0, body: Buffer.from(`message ${offset}`), properties: properties(offset) },
  }));
  const part = encodeBatch(messages);
  const writer = cluster.openDestination();
  try {
    const batch = { sysFlag: 0, bornTimestamp: Date.now(), parts: [part], bytes: part.length, messages: 10 };
    await writer.send({ topic, broker, id: 0 }, batch, 5_000);
    await writer.dispatched(broker, 10_000);
  } finally {
    writer.close();
  }
}
