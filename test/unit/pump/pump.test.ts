import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { runPump } from '../../../src/pump/pump.ts';
import type { PumpReport } from '../../../src/replication/messages.ts';
import type { PumpInput, PumpProgress, PumpResult } from '../../../src/replication/pump-messages.ts';
import { queueKey, type Cluster, type GroupOffsets, type Queue } from '../../../src/transport/types.ts';
import { FakeDestination } from '../../support/fake-destination.ts';
import { FakeLocks } from '../../support/fake-locks.ts';
import { storedRecord } from '../../support/records.ts';

vi.mock('node:timers/promises', () => import('../../support/fake-sleep.ts'));

const QUEUES = 4;
const FROM = Array.from({ length: QUEUES }, (_, id) => ({ topic: 'orders', broker: 'east-a', id }));
const [FIRST, SECOND] = FROM.map(queueKey) as [string, string];
const INPUT: PumpInput = {
  ...{ replication: 'orders', source: 'east', destination: 'west', epoch: 1, revision: 0, shard: 0 },
  queues: [
    { topic: 'orders', from: { broker: 'east-a', queue: 0 }, to: { broker: 'west-a', queue: 0 }, count: QUEUES },
  ],
  starts: Object.fromEntries(FROM.map((queue) => [queueKey(queue), 0])),
  ...{ skips: {}, tags: [], onGap: 'block', onPoison: 'block', rateLimit: {} },
};

/** Both clusters in memory. */
class FakeCluster extends FakeDestination {
  readonly locks = new FakeLocks();
  /** When a source queue's checkpoint was committed. */
  readonly committedAt: number[] = [];
  readonly #offsets = new Map<string, number>();

  as(name: string): Cluster {
    const { locks } = this;
    const offsets: GroupOffsets = {
      committed: (group, queue) => Promise.resolve(this.#offsets.get(group + queueKey(queue))),
      commit: (group, queue, offset) => {
        this.#offsets.set(group + queueKey(queue), offset);
        this.committedAt.push(performance.now());
        return Promise.resolve();
      },
    };
    const endpoint = {
      pull: this.pull.bind(this),
      range: this.range.bind(this),
      send: this.send.bind(this),
      batchLimits: () => Promise.resolve({ maxBytes: 4 * 1024 * 1024, bytesPerMessage: 0 }),
      dispatched: () => Promise.resolve(),
      holdsQueue: () => Promise.resolve(true),
      lock: locks.lock.bind(locks),
      unlock: locks.unlock.bind(locks),
      onLocksLost: locks.onLocksLost.bind(locks),
      close: () => undefined,
      ...offsets,
    };
    return { name, openSource: () => endpoint, openDestination: () => endpoint } as unknown as Cluster;
  }

  fill(queue: Queue, messages: number, bytes = 10): void {
    const stored = this.queue(queue);
    for (let i = 0; i < messages; i++)
      stored.append(storedRecord({ queueOffset: stored.max, body: Buffer.alloc(bytes) }));
  }
}

let east: FakeCluster;
let west: FakeCluster;
let budget: ByteBudget;
let progress: PumpProgress | undefined;
let reports: PumpReport[];
let stop: AbortController;
let running: Promise<PumpResult> | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  east = new FakeCluster();
  west = new FakeCluster();
  budget = new ByteBudget(1024 * 1024);
  progress = undefined;
  reports = [];
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await vi.advanceTimersByTimeAsync(10_000);
  await running;
  vi.useRealTimers();
});

function start(
  input: Partial<PumpInput> = {},
  report = (said: PumpReport): Promise<void> => {
    reports.push(said);
    return Promise.resolve();
  },
): void {
  running = runPump(
    { ...INPUT, ...input },
    {
      ...{ source: east.as('east'), destination: west.as('west'), owner: 'first', formerOwners: [], budget, report },
      ...{ isFormerAtRest: true, attempt: 1, pump: 'p', cancelled: stop.signal, stintMs: 3_600_000 },
      assertCurrent: () => Promise.resolve(),
      heartbeat: (said) => {
        progress = said;
      },
    },
  );
}

test('R5: checkpoints are committed each second while nobody hears reports', async () => {
  const told: number[] = [];
  start({ shards: 1 / 60 }, async () => {
    told.push(performance.now());
    await new Promise((_, reject) => setTimeout(reject, 5000));
  });
  const from = performance.now();
  for (let second = 0; second < 12; second++) {
    east.fill(FROM[0]!, 1);
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(told.length).toBeGreaterThan(1);
  const seconds = new Set(east.committedAt.map((at) => Math.floor((at - from) / 1000)));
  expect(seconds.size).toBeGreaterThanOrEqual(11);
});

test('a look at an idle queue that failed is trouble for as long as it is, not until something is copied', async () => {
  start();
  await vi.advanceTimersByTimeAsync(3000);
  const looks = vi.spyOn(west.queue({ ...FROM[0]!, broker: 'west-a' }), 'pull').mockRejectedValue(new Error('not now'));
  const told = new Set<string>();
  for (let second = 0; second < 200; second++) {
    await vi.advanceTimersByTimeAsync(1000);
    for (const trouble of progress!.troubles) told.add(trouble);
  }
  expect(looks).toHaveBeenCalled();
  expect([...told]).toEqual(['checkpoints: not now']);
  expect(progress!.troubles).toEqual([]);
});

test('queues that an earlier pump told to be blocked are told to be unseen until something is known of them', async () => {
  // the first has a gap, the second cannot be read back
  east.fill(FROM[0]!, 5);
  east.queue(FROM[0]!).min = 2;
  const reader = west.queue({ ...FROM[1]!, broker: 'west-a' });
  const range = vi.spyOn(reader, 'range').mockRejectedValue(new Error('not now'));
  start({ blocked: [FIRST, SECOND] });
  await vi.advanceTimersByTimeAsync(3000);
  expect(reports.at(-1)).toMatchObject({ blocked: [{ queue: 0, kind: 'gap' }], unseen: [SECOND] });
  expect(progress).toMatchObject({ blocked: 2, blockedQueues: [FIRST, SECOND] });
  range.mockRestore();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(reports.at(-1)).toMatchObject({ blocked: [{ queue: 0 }] });
  expect(reports.at(-1)).not.toHaveProperty('unseen');
  expect(progress).toMatchObject({ blocked: 1, blockedQueues: [FIRST] });
});

test.each([
  ['answered', true],
  ['lost', undefined],
] as const)(
  'R6: a pump whose last send is %s says with its last heartbeat that it is at rest: %s',
  async (fate, atRest) => {
    start();
    await vi.advanceTimersByTimeAsync(2000);
    west.fate = () => fate;
    east.fill(FROM[0]!, 1);
    await vi.advanceTimersByTimeAsync(100);
    stop.abort();
    await vi.advanceTimersByTimeAsync(2000);
    await running;
    expect(progress!.atRest).toBe(atRest);
  },
);

describe('a flow with a rate limit', () => {
  test('keeps no memory from others while it may not send, and copies all in the end', async () => {
    for (const queue of FROM) east.fill(queue, 10, 200 * 1024);
    start({ rateLimit: { messagesPerSecond: 1 } });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(budget.taken).toBe(0);
    await vi.advanceTimersByTimeAsync(45_000);
    expect(FROM.map((queue) => west.queue({ ...queue, broker: 'west-a' }).max)).toEqual([10, 10, 10, 10]);
  });
});
