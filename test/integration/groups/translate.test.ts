import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Translator, type Translation } from '../../../src/groups/translate.ts';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import type { CopySource } from '../../../src/replication/provenance.ts';
import type { Destination, Queue } from '../../../src/transport/types.ts';
import { useClusters } from '../../support/clusters.ts';
import { seeded, type TestMessage } from '../../support/messages.ts';
import { readCommitLog } from '../../support/oracle/commit-log.ts';
import { produce } from '../../support/producer.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { useStack, type TestCluster } from '../../support/servers.ts';
import { FULL, SEED } from '../../support/sizes.ts';

const QUEUES = 4;
const MESSAGES = FULL ? 1_000_000 : 50_000;
/** A part of them is copied first, to see how the cost grows. */
const FIRST = MESSAGES / 25;
const LOCAL = MESSAGES / 100;
const POSITIONS = 50;
/** Every so many messages one comes from the destination, so that it is not copied there again. */
const LOOPED = 99;

const stack = useStack();
const { east, west } = useClusters(stack);

test(
  `R10: ${POSITIONS} positions among ${MESSAGES.toLocaleString('en')} messages skip nothing and repeat nothing`,
  async () => {
    const topic = `translate-${Date.now()}`;
    const { brokerName } = stack.east;
    const rig = new PumpRig({
      ...{ source: east, destination: west, topic, queues: QUEUES },
      ...{ fromBroker: brokerName, toBroker: stack.west.brokerName },
    });
    await rig.prepare();
    const [source, destination] = [east.openDestination(), west.openDestination()];
    const random = seeded(SEED);
    console.log(`seed ${SEED}`);

    rig.start();
    await produce({ writer: source, queues: rig.queues, messages: plain(0, FIRST) });
    await rig.reaches(copies(FIRST), 60_000);
    await rig.stop();
    await check('a small part', FIRST);

    rig.start();
    await Promise.all([
      produce({ writer: source, queues: rig.queues, messages: plain(FIRST, MESSAGES) }),
      produce({ writer: destination, queues: rig.copies, messages: local(LOCAL) }),
    ]);
    await rig.reaches(copies(MESSAGES) + LOCAL, 600_000);
    await rig.stop();
    await check('all', MESSAGES);
    source.close();
    destination.close();

    async function check(what: string, messages: number): Promise<void> {
      const reader: Destination = west.openDestination();
      const [original, copied] = await Promise.all(
        [stack.east, stack.west].map((cluster) => readQueues(cluster, topic)),
      );
      const requests: number[] = [];
      for (let i = 0; i < POSITIONS; i++) {
        const queue = rig.queues[i % QUEUES]!;
        const { max } = await east.admin.range(queue);
        expect(max).toBe(messages / QUEUES);
        // the first ones stand at both ends
        const offset = i < QUEUES ? 0 : i < 2 * QUEUES ? max : Math.floor(random() * (max + 1));
        const copiedTo = await east.admin.committed(rig.group, queue);
        const from: CopySource = { cluster: 'east', topic, broker: brokerName, queue: queue.id, generation: 0 };
        const to: Queue = rig.copies[queue.id]!;
        const translator = new Translator({ reader, budget: new ByteBudget(1e8) });
        const translation = await translator.translate(to, [{ source: from, offset, copiedTo }]);
        requests.push(translation.requests);
        checkOne(translation, offset, original![queue.id]!, copied![queue.id]!);
        expect(translation).toMatchObject({ kind: offset === max ? 'end' : 'exact', repeated: 0 });
      }
      reader.close();
      requests.sort((a, b) => a - b);
      const [median, most] = [requests[POSITIONS / 2]!, requests.at(-1)!];
      console.log(`${what}: ${messages / QUEUES} messages a queue; requests: median ${median}, most ${most}`);
      expect(most).toBeLessThanOrEqual(3 * Math.ceil(Math.log2(messages / QUEUES)) + 10);
    }
  },
  FULL ? 1_200_000 : 180_000,
);

/** The numbers of a queue's messages in queue order, by the independent decoder; -1 for local ones. */
async function readQueues({ broker }: TestCluster, topic: string): Promise<number[][]> {
  const queues = Array.from({ length: QUEUES }, (): number[] => []);
  await readCommitLog(join(broker.folder, 'store'), topic, ({ queue, queueOffset, properties }) => {
    queues[queue]![queueOffset] = Number(properties.find(([name]) => name === 'SEQ')?.[1] ?? -1);
  });
  return queues;
}

/** What the group has consumed on the source, and nothing else, stands before the translated offset. */
function checkOne(
  { offset }: Translation,
  position: number,
  original: readonly number[],
  copied: readonly number[],
): void {
  const consumed = new Set(original.slice(0, position));
  const isCopy = (seq: number) => seq >= 0;
  const skipped = copied.slice(0, offset).filter((seq) => isCopy(seq) && !consumed.has(seq));
  const repeated = copied.slice(offset).filter((seq) => isCopy(seq) && consumed.has(seq));
  expect({ position, skipped: skipped.length, repeated: repeated.length }).toEqual({
    position,
    skipped: 0,
    repeated: 0,
  });
}

function* plain(from: number, until: number): Generator<TestMessage> {
  for (let seq = from; seq < until; seq++) {
    const origin = isLooped(seq) ? [['REPL_ORIGIN', 'west'] as const] : [];
    yield { flag: 0, sysFlag: 0, body: Buffer.from(`message ${seq}`), properties: [['SEQ', String(seq)], ...origin] };
  }
}

function* local(count: number): Generator<TestMessage> {
  for (let i = 0; i < count; i++) yield { flag: 0, sysFlag: 0, body: Buffer.from('local'), properties: [] };
}

function isLooped(seq: number): boolean {
  return seq % LOOPED === 50;
}

function copies(messages: number): number {
  return messages - Math.ceil((messages - 50) / LOOPED);
}
