import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { Counter } from '../../../src/pump/counter.ts';
import { Lease, now } from '../../../src/pump/lease.ts';
import { quarantineQueue } from '../../../src/pump/quarantine/entry.ts';
import { Quarantine } from '../../../src/pump/quarantine/quarantine.ts';
import { QueueCopier, type CopierOptions } from '../../../src/pump/queue-copier.ts';
import { SEND_QUEUE_DRAIN_MS } from '../../../src/pump/queue-lock.ts';
import { RateLimiter } from '../../../src/pump/rate-limit.ts';
import { TransportError } from '../../../src/transport/errors.ts';
import type { Destination, OffsetSource } from '../../../src/transport/types.ts';
import { FakeDestination, type SendFate } from '../../support/fake-destination.ts';
import { decodeBatch, storedRecord } from '../../support/records.ts';

vi.mock('node:timers/promises', () => import('../../support/fake-sleep.ts'));

const FROM = { topic: 'orders', broker: 'east-a', id: 0 };
const TO = { ...FROM, broker: 'west-a' };
const ENTRIES = quarantineQueue(TO.broker);
/** What the destination takes in one batch. */
const MOST_BYTES = 1000;
/** Of the retry after the first failure. */
const AGAIN_MS = 100;

let east: FakeDestination;
let west: FakeDestination;
let counter: Counter;
let copier: QueueCopier;
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  vi.useFakeTimers();
  east = new FakeDestination();
  west = new FakeDestination();
  west.maxBytes = MOST_BYTES;
  counter = new Counter();
  stop = new AbortController();
  running = Promise.resolve();
});
afterEach(async () => {
  stop.abort();
  await vi.runAllTimersAsync();
  await running;
  vi.useRealTimers();
});

function start(options: Partial<CopierOptions> = {}): void {
  const offsets = { committed: () => Promise.resolve(undefined), commit: () => Promise.resolve() };
  const holdsQueue = () => Promise.resolve(true);
  const source = Object.assign(east, offsets) as unknown as OffsetSource;
  const destination = Object.assign(west, offsets, { holdsQueue }) as unknown as Destination;
  const budget = new ByteBudget(1e9);
  copier = new QueueCopier({
    ...{ source, destination, budget, counter, copyBudget: budget, limiter: new RateLimiter({}) },
    ...{ destinationCluster: 'west', tags: [], onGap: 'block', onPoison: 'block', believedBlocked: false },
    route: {
      ...{ from: FROM, to: TO, group: 'g', checkpoint: TO, lossMark: { ...TO, id: 1 }, start: 0, skipTo: 0 },
      source: { cluster: 'east', topic: 'orders', broker: 'east-a', queue: 0, generation: 0 },
    },
    quarantine: new Quarantine({ source, destination, budget, signal: stop.signal, inUse: true }),
    onNews: () => undefined,
    ...options,
  });
  const lease = new Lease();
  lease.renew(now());
  running = copier.run(stop.signal, lease);
}

function produce(bytes = 10): void {
  const queue = east.queue(FROM);
  queue.append(storedRecord({ queueOffset: queue.max, body: Buffer.alloc(bytes) }));
}

/** The fates of the next sends; those after them are answered. */
function sendsAre(...fates: SendFate[]): void {
  west.fate = () => fates.shift() ?? 'answered';
}

async function pass(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

describe('R4: what was stored counts, once', () => {
  test('where others wrote into the queue before it', async () => {
    start();
    produce();
    await pass();
    west.queue(TO).append(storedRecord({ queueOffset: 1 }));
    produce();
    await pass(AGAIN_MS);
    expect(west.queue(TO).max).toBe(3);
    expect(counter.total).toMatchObject({ copied: 2, settled: 0 });
  });

  test.each<[SendFate, string]>([
    ['stored', 'though nobody heard of it'],
    ['lost', 'when it is sent again'],
  ])('(%s) %s', async (fate) => {
    sendsAre(fate);
    start();
    produce();
    await pass(AGAIN_MS + SEND_QUEUE_DRAIN_MS);
    expect(west.queue(TO).max).toBe(1);
    expect(counter.total).toMatchObject({ copied: 1, settled: 1 });
  });

  test('though the broker answered with an error', async () => {
    const send = west.send.bind(west);
    vi.spyOn(west, 'send').mockImplementationOnce(async (...args) => {
      await send(...args);
      const failure = { address: 'west-a', code: 1, retryable: true, refusedForGood: false, answered: true };
      throw new TransportError('system error', failure);
    });
    start();
    produce();
    await pass(AGAIN_MS);
    expect(west.queue(TO).max).toBe(1);
    expect(counter.total).toMatchObject({ copied: 1, settled: 0 });
  });

  test.each<[SendFate, string]>([
    ['stored', 'though nobody heard of it'],
    ['lost', 'when it is sent again'],
  ])('R9: (%s) an entry of the quarantine as well, %s', async (fate) => {
    sendsAre(fate);
    start({ onPoison: 'quarantine' });
    produce(MOST_BYTES);
    await pass(AGAIN_MS + SEND_QUEUE_DRAIN_MS);
    produce();
    await pass(AGAIN_MS);
    expect([west.queue(ENTRIES).max, west.queue(TO).max]).toEqual([1, 1]);
    expect(counter.total).toMatchObject({ copied: 1, quarantined: 1, settled: 1 });
  });
});

test('R9: of a batch that is refused for good only the message to blame is set aside', async () => {
  const blamed = 77;
  const sizes: number[] = [];
  const send = west.send.bind(west);
  vi.spyOn(west, 'send').mockImplementation(async (queue, batch) => {
    const messages = decodeBatch(Buffer.concat(batch.parts));
    if (queue.topic === TO.topic) sizes.push(messages.length);
    const refusal = { address: 'west-a', code: 13, retryable: false, refusedForGood: true, answered: true };
    if (queue.topic === TO.topic && messages.some(({ body }) => body.length === blamed))
      throw new TransportError('illegal', refusal);
    return await send(queue, batch);
  });
  for (const bytes of [10, blamed, 10, 10]) produce(bytes);
  start({ onPoison: 'quarantine' });
  await pass(3 * AGAIN_MS);
  expect(sizes).toEqual([4, 1, 1, 1, 1]);
  expect(counter.total).toMatchObject({ copied: 3, quarantined: 1, settled: 0 });
});

describe('R4: a send without an answer', () => {
  test('is waited for from the first sign of life of the broker, and then read back', async () => {
    let wake = (): void => undefined;
    const frozen = new Promise<void>((resolve) => (wake = resolve));
    const dispatched = vi.spyOn(west, 'dispatched');
    start();
    await pass();
    sendsAre('lost');
    dispatched.mockReset().mockReturnValueOnce(frozen);
    produce();
    await pass(2 * SEND_QUEUE_DRAIN_MS);
    wake();
    await pass(SEND_QUEUE_DRAIN_MS - 1);
    expect(dispatched).toHaveBeenCalledTimes(1);
    expect(copier.isUnanswered).toBe(true);
    await pass(1);
    expect(dispatched).toHaveBeenCalledTimes(2);
    expect(copier.isUnanswered).toBe(false);
    expect(west.queue(TO).max).toBe(1);
  });

  test('may still arrive at a broker that gave no sign of life, however long the end waited', async () => {
    sendsAre('lost');
    start();
    await pass();
    vi.spyOn(west, 'dispatched').mockRejectedValue(new Error('frozen'));
    produce();
    await pass(AGAIN_MS);
    stop.abort();
    await pass(SEND_QUEUE_DRAIN_MS);
    await running;
    expect(copier.isUnanswered).toBe(true);
  });
});

test('R8: what the source holds is compared also after a pause that a rate limit made', async () => {
  const produced = (history: string, count: number) =>
    Array.from({ length: count }, (_, queueOffset) => storedRecord({ queueOffset, body: Buffer.from(history) }));
  const source = east.queue(FROM);
  source.append(...produced('old', 64));
  start({ limiter: new RateLimiter({ messagesPerSecond: 16 }) });
  await pass(500);
  expect(west.queue(TO).max).toBeLessThan(64);
  source.recreate(...produced('new', 100));
  await pass(20_000);
  expect(copier.blocked).toMatchObject({ kind: 'history' });
  const copies = west.queue(TO).records.map((record) => record.toString());
  expect(copies.length).toBeGreaterThan(0);
  expect(copies.filter((copy) => copy.includes('new'))).toEqual([]);
});

test('R1: where the destination queue is gone, copying stands where it stood', async () => {
  for (let messages = 0; messages < 25; messages++) produce();
  start();
  Object.assign(east, { committed: () => Promise.resolve(20) });
  Object.assign(west, { holdsQueue: () => Promise.resolve(false) });
  await pass(AGAIN_MS);
  expect(copier.blocked).toMatchObject({ kind: 'queue-gone', at: 20 });
  expect(copier.next).toBeUndefined();
});

test('R4: where it is there again, and empty, it gets again what it held', async () => {
  for (let messages = 0; messages < 25; messages++) produce();
  start();
  Object.assign(east, { committed: () => Promise.resolve(20) });
  await pass(AGAIN_MS);
  expect(west.queue(TO).max).toBe(25);
});

test('R5: a queue that has nothing new costs no commit; one that has copied is due until it is committed', async () => {
  start();
  expect(copier.isCommitDue).toBe(false);
  produce();
  await pass();
  expect(copier.isCommitDue).toBe(true);
  await copier.commit();
  expect(copier.isCommitDue).toBe(false);
  produce();
  await pass();
  expect(copier.isCommitDue).toBe(true);
});

test('a queue that is believed to be blocked is due until that is told to be over', async () => {
  start({ believedBlocked: true });
  await pass();
  await copier.commit();
  expect(copier.isCommitDue).toBe(true);
  await pass(2000);
  await copier.commit();
  expect(copier.isUnseen).toBe(false);
  expect(copier.isCommitDue).toBe(false);
});
