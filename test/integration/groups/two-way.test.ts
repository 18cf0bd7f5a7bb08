import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GroupLook } from '../../../src/groups/group-look.ts';
import type { GroupSync } from '../../../src/groups/group-sync.ts';
import { withGroupSync } from '../../../src/groups/open-sync.ts';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import type { CopiedQueues } from '../../../src/replication/group-progress.ts';
import type { Cluster } from '../../../src/transport/types.ts';
import { useClusters } from '../../support/clusters.ts';
import { seeded, type TestMessage } from '../../support/messages.ts';
import { readCommitLog } from '../../support/oracle/commit-log.ts';
import { produce } from '../../support/producer.ts';
import { PumpRig } from '../../support/pump-rig.ts';
import { useStack } from '../../support/servers.ts';
import { FULL, SEED } from '../../support/sizes.ts';

type Side = 'east' | 'west';

const QUEUES = 2;
/** Of each side. */
const MESSAGES = FULL ? 100_000 : 2_000;
const RATE = FULL ? 5_000 : 1_000;
const POSITIONS = FULL ? 50 : 12;
const BOTH_MS = FULL ? 300_000 : 60_000;

const stack = useStack();
const clusters = useClusters(stack);
const random = seeded(SEED);
const topic = `two-way-groups-${Date.now()}`;
let rigs: Readonly<Record<Side, PumpRig>>;
/** The numbers of each queue's messages, by the independent decoder. */
let logs: Readonly<Record<Side, readonly (readonly number[])[]>>;
let groups = 0;

beforeAll(async () => {
  console.log(`seed ${SEED}`);
  const rigFrom = (source: Side, destination: Side) =>
    new PumpRig({
      ...{ source: clusters[source], destination: clusters[destination], topic, queues: QUEUES },
      ...{ fromBroker: stack[source].brokerName, toBroker: stack[destination].brokerName },
    });
  rigs = { east: rigFrom('east', 'west'), west: rigFrom('west', 'east') };
  for (const rig of Object.values(rigs)) {
    await rig.prepare();
    rig.start();
  }
  // of different speed, so that neither side has the other's messages evenly among its own
  await Promise.all([fill('east', 0, RATE), fill('west', MESSAGES, RATE / 2)]);
  for (const rig of Object.values(rigs)) await rig.reaches(2 * MESSAGES, BOTH_MS);
  logs = { east: await readQueues('east'), west: await readQueues('west') };
}, 4 * BOTH_MS);

afterAll(async () => {
  for (const rig of Object.values(rigs)) await rig.stop();
});

test('R10: where both sides produce, a group stands before all that nobody has consumed on either side', async () => {
  const requests: number[] = [];
  const names: string[] = [];
  for (let i = 0; i < POSITIONS; i++) {
    names.push(await newGroup());
    await stand(names[i]!, 'east', [0, 0]);
  }
  await withSync('east', [`${topic}-*`], async (sync) => {
    for (const [i, name] of names.entries()) {
      const offsets = { east: places(i === 0), west: i % 3 === 2 ? places() : [0, 0] };
      await stand(name, 'east', offsets.east);
      if (i % 3 === 2) await stand(name, 'west', offsets.west);
      const before = sync.requests;
      const look = (await sync.round()).find(({ group }) => group === name);
      requests.push(sync.requests - before);
      await expectExact(look, name, offsets, 'west');
    }
    const before = sync.requests;
    await sync.round();
    // nothing has moved: the offsets of both sides are all that is read
    expect(sync.requests - before).toBe(2);
  });
  console.log(`requests a round in which one group moves: ${requests.join(', ')}`);
});

test('R10: after a move progress goes back, exactly, and on again', async () => {
  const name = await newGroup();
  await stand(name, 'east', places());
  await round('east', name);
  // it is served on the other side from now on
  for (const [from, to] of [
    ['west', 'east'],
    ['east', 'west'],
  ] as const) {
    const [there, other] = [await standsAt(name, from), await standsAt(name, to)];
    const onward = there.map(
      (offset, queue) => offset + Math.floor(random() * (logs[from][queue]!.length - offset + 1)),
    );
    await stand(name, from, onward);
    const offsets = { [from]: onward, [to]: other } as Record<Side, number[]>;
    await expectExact(await round(from, name), name, offsets, to);
  }
});

test('R10: a group that has consumed everything has nothing to consume on the other side', async () => {
  const name = await newGroup();
  await stand(name, 'east', ends('east'));
  const [look] = await withSync('east', [name], (sync) => sync.lastRound());
  expect(look!.problem).toBeUndefined();
  expect(await standsAt(name, 'west')).toEqual(ends('west'));
});

test('R10: the last word says where copying has not come as far as the group', async () => {
  const name = await newGroup();
  await stand(
    name,
    'east',
    ends('east').map((end) => end + 3),
  );
  const [look] = await withSync('east', [name], (sync) => sync.lastRound());
  expect(look!.problem).toContain('copying has not come as far as the group in queue 0');
});

/** A group of its own on both sides. */
async function newGroup(): Promise<string> {
  const name = `${topic}-${groups++}`;
  for (const { admin } of Object.values(clusters)) await admin.createGroup(name);
  return name;
}

async function stand(name: string, side: Side, offsets: readonly number[]): Promise<void> {
  for (const [id, offset] of offsets.entries()) await clusters[side].admin.commit(name, queueOf(side, id), offset);
}

async function standsAt(name: string, side: Side): Promise<number[]> {
  const { admin } = clusters[side];
  return await Promise.all(ends(side).map(async (_, id) => (await admin.committed(name, queueOf(side, id))) ?? 0));
}

function queueOf(side: Side, id: number) {
  return { topic, broker: stack[side].brokerName, id };
}

/** A place in each queue of east, or the end of each. */
function places(isAtEnd = false): number[] {
  return ends('east').map((end) => (isAtEnd ? end : Math.floor(random() * (end + 1))));
}

function ends(side: Side): number[] {
  return logs[side].map((queue) => queue.length);
}

async function round(from: Side, name: string): Promise<GroupLook | undefined> {
  return (await withSync(from, [name], (sync) => sync.round()))[0];
}

function withSync<T>(from: Side, names: readonly string[], work: (sync: GroupSync) => Promise<T>): Promise<T> {
  const to = from === 'east' ? 'west' : 'east';
  const [source, destination]: Cluster[] = [clusters[from], clusters[to]];
  const options = { source: source!, destination: destination!, budget: new ByteBudget(64 * 1024 * 1024) };
  return withGroupSync(
    {
      ...{ replication: rigs[from].name, source: from, destination: to, groups: names, resetOnline: [] },
      ...{ ...copiedFrom(from, to), back: copiedFrom(to, from) },
    },
    { ...options, assertCurrent: () => undefined },
    work,
  );
}

function copiedFrom(source: Side, destination: Side): CopiedQueues {
  const [from, to] = [source, destination].map((side) => ({ broker: stack[side].brokerName, queue: 0 }));
  return { queues: [{ topic, from: from!, to: to!, count: QUEUES }], histories: {} };
}

/** The group was moved to the largest offset before which everything is consumed, and it is said how much stands behind that was. */
async function expectExact(
  look: GroupLook | undefined,
  name: string,
  consumedTo: Readonly<Record<Side, readonly number[]>>,
  to: Side,
): Promise<void> {
  const expected = logs[to].map((queue, id) => {
    const consumed = new Set(
      (['east', 'west'] as const).flatMap((side) => logs[side][id]!.slice(0, consumedTo[side][id])),
    );
    const first = queue.findIndex((seq) => !consumed.has(seq));
    const offset = first < 0 ? queue.length : first;
    return { offset, repeated: queue.slice(offset).filter((seq) => consumed.has(seq)).length };
  });
  expect(look).toMatchObject({ group: name });
  expect(look!.problem).toBeUndefined();
  expect(await standsAt(name, to)).toEqual(expected.map(({ offset }) => offset));
  expect(look!.slots.map(({ repeated }) => repeated)).toEqual(expected.map(({ repeated }) => repeated));
}

async function fill(side: Side, from: number, rate: number): Promise<void> {
  const writer = clusters[side].openDestination();
  const queues = Array.from({ length: QUEUES }, (_, id) => queueOf(side, id));
  try {
    await produce({ writer, queues, messages: numbered(from, from + MESSAGES), rate });
  } finally {
    writer.close();
  }
}

function* numbered(from: number, until: number): Generator<TestMessage> {
  for (let seq = from; seq < until; seq++)
    yield { flag: 0, sysFlag: 0, body: Buffer.from(`message ${seq}`), properties: [['SEQ', String(seq)]] };
}

async function readQueues(side: Side): Promise<number[][]> {
  const queues = Array.from({ length: QUEUES }, (): number[] => []);
  await readCommitLog(join(stack[side].broker.folder, 'store'), topic, ({ queue, queueOffset, properties }) => {
    queues[queue]![queueOffset] = Number(properties.find(([name]) => name === 'SEQ')?.[1]);
  });
  return queues;
}
