import { afterAll, expect, it } from 'vitest';
import { join } from 'node:path';
import type { CommandAnswer } from '../../src/replication/messages.ts';
import { useClusters } from '../support/clusters.ts';
import { eventually } from '../support/eventually.ts';
import { LiveReplication } from '../support/live-replication.ts';
import { mixedMessages } from '../support/messages.ts';
import { compareLogs, copies, own, readLog } from '../support/oracle/compare.ts';
import { produce } from '../support/producer.ts';
import { useStack } from '../support/servers.ts';
import { WorkerProcess } from '../support/worker-process.ts';

const EACH = 500;
const LIMIT_MS = 60_000;

const stack = useStack();
const clusters = useClusters(stack);
let live: LiveReplication;
let worker: WorkerProcess;

afterAll(async () => {
  await live.close();
  await worker.stop();
});

it('reversed: what is produced on the old destination comes back once, late arrivals go forward, also after stop and start', async () => {
  worker = await WorkerProcess.start(stack);
  live = await LiveReplication.create(stack);
  const handle = await live.handle();
  await live.start();
  let onEast = await live.produce(some(1));
  await live.reaches(onEast, LIMIT_MS);
  const answer = await handle.executeUpdate<CommandAnswer, [object]>('reverse', { args: [{ by: 'test' }] });
  expect(answer).toMatchObject({ done: true, state: 'RUNNING' });
  let onWest = await produceOnWest(2);
  onEast += await live.produce(some(3));
  await converges(onEast + onWest);
  await handle.executeUpdate('stop', { args: [{}] });
  // the input still says one-way, east to west
  await live.start();
  onWest += await produceOnWest(4);
  onEast += await live.produce(some(5));
  await converges(onEast + onWest);
  // and is served where it was (R12)
  expect(await live.status()).toMatchObject({ primary: 'west', flows: [{ source: 'east' }, { source: 'west' }] });
  const [east, west] = await Promise.all(
    [stack.east, stack.west].map(({ broker }) => readLog(join(broker.folder, 'store'), live.topic)),
  );
  const once = { lost: 0, repeated: 0, outOfOrder: 0, changed: 0 };
  expect(compareLogs(own(east!), copies(west!))).toEqual({ source: onEast, copied: onEast, ...once });
  expect(compareLogs(own(west!), copies(east!))).toEqual({ source: onWest, copied: onWest, ...once });
}, 300_000);

function some(seed: number) {
  return mixedMessages({ count: EACH, seed, meanBytes: 200, large: 0, largestBytes: 0 });
}

async function produceOnWest(seed: number): Promise<number> {
  const writer = clusters.west.openDestination();
  const queues = live.queues.map((queue) => ({ ...queue, broker: stack.west.brokerName }));
  try {
    return await produce({ writer, queues, messages: some(seed) });
  } finally {
    writer.close();
  }
}

async function converges(messages: number): Promise<void> {
  await live.reaches(messages, LIMIT_MS);
  await eventually(LIMIT_MS, async () => (await live.produced()) === messages);
}
