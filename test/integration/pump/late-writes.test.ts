import { expect, test } from 'vitest';
import type { Cluster } from '../../../src/transport/types.ts';
import { eventually } from '../../support/eventually.ts';
import type { TestMessage } from '../../support/messages.ts';
import { produce } from '../../support/producer.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { useClusters } from '../../support/clusters.ts';
import { useStack } from '../../support/servers.ts';

const stack = useStack();
const { east, west } = useClusters(stack);
let rig: PumpRig;

test('R4: what a frozen process sends late is told with its place, once, whenever it comes', async () => {
  const { brokerName } = stack.east;
  const topic = `late-${Date.now()}`;
  rig = new PumpRig({
    ...{ source: east, destination: west, topic, queues: 1 },
    ...{ fromBroker: brokerName, toBroker: stack.west.brokerName },
  });
  await rig.prepare();
  const [queue] = rig.queues;
  const run = (offset: number, count: number) => ({ topic, broker: brokerName, queue: 0, offset, count });

  await send(east, rig.queues, plain(100));
  rig.start();
  await rig.reaches(100, 60_000);
  // while nothing moves: found by the look at the queue's end
  await send(west, rig.copies, copies(50, 10));
  await eventually(40_000, () => rig.repeats.length > 0);
  expect(rig.repeats).toEqual([run(100, 10)]);
  // while it copies: found by the offset of the next answer
  await send(west, rig.copies, copies(60, 5));
  await send(east, rig.queues, plain(20));
  await rig.reaches(135, 60_000);
  await eventually(40_000, () => rig.repeats.length > 1);
  expect(rig.repeats).toEqual([run(100, 10), run(110, 5)]);
  await rig.stop();
  // while no pump is at work: found by the next one, which does not take it for the newest copy
  await send(west, rig.copies, copies(70, 7));
  rig.start();
  await send(east, rig.queues, plain(3));
  await rig.reaches(145, 60_000);
  await eventually(40_000, () => rig.repeats.length > 2);
  await rig.stop();
  expect(rig.repeats).toEqual([run(100, 10), run(110, 5), run(135, 7)]);
  expect(await east.admin.committed(rig.group, queue!)).toBe(123);

  function copies(from: number, count: number): TestMessage[] {
    return Array.from({ length: count }, (_, i) =>
      message([['REPL_FROM', `1:east:${topic}:0:0:${from + i}:${brokerName}`]]),
    );
  }
}, 300_000);

async function send(cluster: Cluster, queues: PumpRig['queues'], messages: TestMessage[]): Promise<void> {
  const writer = cluster.openDestination();
  await produce({ writer, queues, messages });
  writer.close();
}

function plain(count: number): TestMessage[] {
  return Array.from({ length: count }, () => message([]));
}

function message(properties: TestMessage['properties']): TestMessage {
  return { flag: 0, sysFlag: 0, body: Buffer.from('hello'), properties };
}
