import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { mixedMessages, take } from '../../support/messages.ts';
import { compareLogs, readLog } from '../../support/oracle/compare.ts';
import { produce } from '../../support/producer.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { useClusters } from '../../support/clusters.ts';
import { useStack, type TestCluster } from '../../support/servers.ts';
import { FULL, SEED, SIZES } from '../../support/sizes.ts';

const QUEUES = 4;
const { messages } = SIZES;
const HALF = Math.floor(messages / 2);

const stack = useStack();
const { east, west } = useClusters(stack);
let rig: PumpRig;
let topic: string;

describe('R5: checkpoints that are not the truth cost time, not messages', () => {
  const cases: [string, (cluster: TestCluster) => Promise<void>][] = [
    ['older than the truth on both sides', olderOffsets],
    ['deleted on both sides', deleteOffsets],
  ];
  it.each(FULL ? cases : cases.slice(0, 1))(
    '%s',
    async (_, tamper) => {
      await copyHalf();
      await Promise.all([stack.east, stack.west].map(tamper));
      rig.start({ starts: {} });
      await copyRest();
    },
    300_000,
  );

  it('too high on both sides', async () => {
    await copyHalf();
    for (const queue of rig.queues) await east.admin.commit(rig.group, queue, messages);
    for (const queue of rig.copies) await west.admin.commit(rig.group, queue, messages);
    rig.start({ starts: {} });
    await copyRest();
  }, 300_000);

  it('older, under messages that others wrote into the destination', async () => {
    await copyHalf();
    const writer = west.openDestination();
    await produce({
      writer,
      queues: rig.copies,
      messages: mixedMessages({ count: 3000, seed: 7, meanBytes: 100, large: 0, largestBytes: 0 }),
    });
    writer.close();
    for (const queue of rig.copies) await west.admin.commit(rig.group, queue, 10);
    rig.start({ starts: {} });
    await rig.reaches(messages + 3000, 120_000);
    await rig.stop();
    expect(await verdict()).toMatchObject({ lost: 0, repeated: 0, outOfOrder: 0, changed: 3000 });
  }, 300_000);
});

/** A topic of its own, of which the first half is copied when the pump stops. */
async function copyHalf(): Promise<void> {
  topic = `checkpoints-${Date.now()}`;
  rig = new PumpRig({
    source: east,
    destination: west,
    topic,
    fromBroker: stack.east.brokerName,
    toBroker: stack.west.brokerName,
    queues: QUEUES,
  });
  await rig.prepare();
  const writer = east.openDestination();
  const all = mixedMessages({ count: messages, seed: SEED, meanBytes: 500, large: 0, largestBytes: 0 });
  await produce({ writer, queues: rig.queues, messages: take(all, Math.floor(HALF / 2)) });
  rig.start();
  await rig.reaches(Math.floor(HALF / 2), 60_000);
  // What is saved here is what a broker that crashes later may come back with.
  await Promise.all([stack.east, stack.west].map(saveOffsets));
  await produce({ writer, queues: rig.queues, messages: take(all, HALF - Math.floor(HALF / 2)) });
  await rig.reaches(HALF, 60_000);
  await rig.stop();
  await produce({ writer, queues: rig.queues, messages: all });
  writer.close();
}

async function copyRest(): Promise<void> {
  await rig.reaches(messages, 120_000);
  await rig.stop();
  expect(await verdict()).toEqual({
    source: messages,
    copied: messages,
    lost: 0,
    repeated: 0,
    outOfOrder: 0,
    changed: 0,
  });
}

async function verdict() {
  const source = await readLog(join(stack.east.broker.folder, 'store'), topic);
  return compareLogs(source, await readLog(join(stack.west.broker.folder, 'store'), topic));
}

function offsetsFile({ broker }: TestCluster): string {
  return join(broker.folder, 'store', 'config', 'consumerOffset.json');
}

/** Brokers flush offsets every 5 s. */
async function saveOffsets(cluster: TestCluster): Promise<void> {
  const isFlushed = async () => (await readFile(offsetsFile(cluster), 'utf8')).includes(`@${rig.group}"`);
  await eventually(20_000, isFlushed);
  await copyFile(offsetsFile(cluster), `${offsetsFile(cluster)}.saved`);
}

/** Brings the broker back with the offsets that it had flushed a while ago. */
async function olderOffsets(cluster: TestCluster): Promise<void> {
  await cluster.broker.kill();
  await copyFile(`${offsetsFile(cluster)}.saved`, offsetsFile(cluster));
  await copyFile(`${offsetsFile(cluster)}.saved`, `${offsetsFile(cluster)}.bak`);
  await cluster.broker.start();
}

async function deleteOffsets(cluster: TestCluster): Promise<void> {
  await cluster.broker.kill();
  for (const file of [offsetsFile(cluster), `${offsetsFile(cluster)}.bak`]) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    // The file's keys are queue numbers without quotes, which no JSON parser takes.
    const kept = text
      .replaceAll(new RegExp(`"[^"]*@${rig.group}":\\{[^}]*\\},?`, 'g'), '')
      .replaceAll(/,(\s*\})/g, '$1');
    await writeFile(file, kept);
  }
  await cluster.broker.start();
  const queue = rig.queues[0]!;
  const admin = cluster.name === 'east' ? east.admin : west.admin;
  expect(await admin.committed(rig.group, { ...queue, broker: cluster.brokerName })).toBeUndefined();
}
