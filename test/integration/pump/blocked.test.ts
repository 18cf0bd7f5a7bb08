import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queueKey, type Destination } from '../../../src/transport/types.ts';
import { eventually } from '../../support/eventually.ts';
import type { TestMessage } from '../../support/messages.ts';
import { produce } from '../../support/producer.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { useClusters } from '../../support/clusters.ts';
import { useStack } from '../../support/servers.ts';

const QUEUES = 3;
const LIMIT = 4 * 1024 * 1024;

const stack = useStack();
const { east, west } = useClusters(stack);
let writer: Destination;

beforeAll(() => {
  writer = east.openDestination();
});

afterAll(() => {
  writer.close();
});

describe('R9: a message that the destination cannot take blocks its queue only', () => {
  it.each<[string, TestMessage, RegExp]>([
    [
      'larger than a batch may be once it carries provenance',
      message('big', Buffer.alloc(LIMIT - 60)),
      /source offset 10 cannot be copied: .*maxMessageSize/,
    ],
    [
      'properties longer than a message may have with provenance',
      {
        ...message('long', Buffer.alloc(1)),
        properties: [
          ['SEQ', 'long'],
          ['LONG', 'x'.repeat(32_740)],
        ],
      },
      /source offset 10 cannot be copied: its properties/,
    ],
  ])(
    '%s',
    async (_, poison, reason) => {
      const rig = await rigWithTopic('poison');
      const plain = Array.from({ length: 10 }, (_each, seq) => message(String(seq), Buffer.from('plain')));
      for (const [index, queue] of rig.queues.entries()) {
        await produce({ writer, queues: [queue], messages: plain });
        if (index === 0) await produce({ writer, queues: [queue], messages: [poison] });
        await produce({ writer, queues: [queue], messages: plain });
      }
      rig.start();
      await rig.reaches(10 + 20 + 20, 60_000);
      const blocked = await eventually(30_000, () => rig.report?.blocked[0]);
      expect(blocked).toMatchObject({ kind: 'poison', queue: 0, at: 10 });
      expect(blocked.reason).toMatch(reason);
      await produce({ writer, queues: rig.queues, messages: plain.slice(0, 3) });
      await rig.reaches(10 + 21 + 21, 60_000);
      await rig.stop();
      expect(await rig.copied()).toBe(10 + 21 + 21);
      expect(rig.report?.blocked).toHaveLength(1);
    },
    120_000,
  );

  it('one that just fits is copied', async () => {
    const rig = await rigWithTopic('fits');
    await produce({ writer, queues: [rig.queues[0]!], messages: [message('fits', Buffer.alloc(LIMIT - 300))] });
    rig.start();
    await rig.reaches(1, 60_000);
    await rig.stop();
  }, 120_000);
});

describe('R8: a source that holds less than was copied blocks the queue', () => {
  it('says that the source was cut off or recreated', async () => {
    const rig = await rigWithTopic('recreated');
    await produce({ writer, queues: [rig.queues[0]!], messages: [message('only', Buffer.from('one'))] });
    rig.start({
      starts: Object.fromEntries(
        rig.queues.map(({ topic, broker, id }) => [`${topic}/${broker}/${id}`, id === 0 ? 5 : 0]),
      ),
    });
    const blocked = await eventually(60_000, () => rig.report?.blocked[0]);
    expect(blocked).toMatchObject({ kind: 'history', queue: 0, at: 5 });
    await rig.stop();
    expect(await rig.copied()).toBe(0);
  }, 120_000);
});

it('a queue that was blocked, and has nothing to copy, is told to be free', async () => {
  const rig = await rigWithTopic('free');
  rig.start({ blocked: [queueKey(rig.queues[1]!)] });
  await eventually(30_000, () => rig.report);
  expect(rig.report).toMatchObject({ blocked: [], counters: { copied: 0 } });
  await rig.stop();
}, 120_000);

async function rigWithTopic(name: string): Promise<PumpRig> {
  const rig = new PumpRig({
    source: east,
    destination: west,
    topic: `${name}-${Date.now()}`,
    fromBroker: stack.east.brokerName,
    toBroker: stack.west.brokerName,
    queues: QUEUES,
  });
  await rig.prepare();
  return rig;
}

function message(seq: string, body: Buffer): TestMessage {
  return { flag: 0, sysFlag: 0, body, properties: [['SEQ', seq]] };
}
