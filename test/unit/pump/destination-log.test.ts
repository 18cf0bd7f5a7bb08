import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { DestinationLog } from '../../../src/pump/destination-log.ts';
import type { Route, Trust } from '../../../src/pump/read-back.ts';
import { TransportError } from '../../../src/transport/errors.ts';
import type { Destination, Queue } from '../../../src/transport/types.ts';
import { FakeDestination } from '../../support/fake-destination.ts';
import type { FakeReader } from '../../support/fake-reader.ts';
import { storedRecord, wireProperties } from '../../support/records.ts';

const FROM = { topic: 'orders', broker: 'east-a', id: 0 };
const TO = { ...FROM, broker: 'west-a' };
const ROUTE: Route = {
  from: FROM,
  to: TO,
  source: { cluster: 'east', topic: 'orders', broker: 'east-a', queue: 0, generation: 0 },
  group: 'REPLICATOR_orders_east_west',
  checkpoint: TO,
  lossMark: { ...TO, id: 1 },
  start: undefined,
  skipTo: 0,
};
/** Late writes are looked for so often. */
const LOOK_MS = 15_000;
const { signal } = new AbortController();

let queue: FakeReader;
let log: DestinationLog;
/** As another pump knows it. */
let newLog: (route?: Route) => DestinationLog;
let dispatched: MockInstance<() => Promise<void>>;
/** Of the destination. */
let checkpoint: number | undefined;

function copy(sourceOffset: number): void {
  const properties = wireProperties({ REPL_FROM: `1:east:orders:0:0:${sourceOffset}:east-a` });
  queue.append(storedRecord({ queueOffset: queue.max, properties }));
}

async function lookLater(): Promise<void> {
  vi.advanceTimersByTime(LOOK_MS);
  await log.lookForLateWrites();
}

afterEach(() => {
  vi.useRealTimers();
});
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  checkpoint = undefined;
  const offsets = {
    committed: (_: string, { id }: Queue) => Promise.resolve(id === TO.id ? checkpoint : undefined),
  };
  const destination = Object.assign(new FakeDestination(), offsets);
  dispatched = vi.spyOn(destination, 'dispatched');
  queue = destination.queue(TO);
  newLog = (route = ROUTE) =>
    new DestinationLog({
      destination: destination as unknown as Destination,
      route,
      budget: new ByteBudget(1e9),
      onRepeats: () => undefined,
    });
  log = newLog();
  await log.readBack(signal);
});

describe('R4: the log decides what was copied', () => {
  it('also where late writes are looked for while nobody knows what became of a send', async () => {
    const failure = { address: 'west-a', retryable: true, refusedForGood: false, answered: false };
    copy(0);
    await expect(log.sending(Promise.reject(new TransportError('connection lost', failure)))).rejects.toThrow();
    await lookLater();
    await log.readUnread();
    await log.readBack(signal);
    expect(log.newest).toEqual({ sourceOffset: 0, offset: 0 });
    expect(log.repeats).toEqual([]);
  });

  it('where another pump copies the same queue: that is told, and all of it is read back', async () => {
    copy(0);
    copy(1);
    await lookLater();
    await expect(log.readUnread()).rejects.toThrow('copies that this pump did not send');
    await log.readBack(signal);
    expect(log.newest).toEqual({ sourceOffset: 1, offset: 1 });
    await log.readUnread();
  });

  it('also where another pump’s copies are found while it is being read back', async () => {
    copy(0);
    log.stored(0, 1, 0);
    copy(1);
    copy(2);
    await lookLater();
    let found = (): void => undefined;
    dispatched.mockReturnValueOnce(new Promise((resolve) => (found = resolve)));
    const told = expect(log.readUnread()).rejects.toThrow('copies that this pump did not send');
    const read = log.readBack(signal);
    found();
    await Promise.all([told, read]);
    expect(log.newest).toEqual({ sourceOffset: 2, offset: 2 });
  });

  it('also where it is stored while an earlier part is being read', async () => {
    queue.append(storedRecord({ queueOffset: 0 }));
    copy(0);
    await log.readBack(signal);
    const others = (offset: number) => {
      queue.append(storedRecord({ queueOffset: offset }));
    };
    others(2);
    copy(1);
    log.stored(3, 1, 1);
    const { max } = await queue.range();
    vi.spyOn(queue, 'range').mockImplementationOnce(() => {
      copy(1);
      copy(2);
      log.stored(5, 1, 2);
      return Promise.resolve({ min: 0, max });
    });
    await log.readUnread();
    await log.readUnread();
    expect(log.repeats).toEqual([{ offset: 4, count: 1 }]);
  });

  it('and nothing is sent before they are read back', async () => {
    copy(0);
    await lookLater();
    await expect(log.readUnread()).rejects.toThrow();
    await expect(log.beforeSend()).rejects.toThrow('copies that this pump did not send');
    await log.readBack(signal);
    await log.beforeSend();
  });

  it('and what a frozen process sent late is counted', async () => {
    copy(0);
    await log.readBack(signal);
    copy(0);
    await lookLater();
    await log.readUnread();
    expect(log.repeats).toEqual([{ offset: 1, count: 1 }]);
    expect(log.newest).toEqual({ sourceOffset: 0, offset: 0 });
  });

  it('which is looked for now and then, and not for ever', async () => {
    copy(0);
    await log.readBack(signal);
    expect(log.isDue).toBe(false);
    const looks: number[] = [];
    for (let seconds = 1; seconds <= 200; seconds++) {
      vi.advanceTimersByTime(1000);
      if (!log.isDue) continue;
      const before = queue.requests.length;
      await log.lookForLateWrites();
      expect(queue.requests.length - before).toBe(1);
      expect(log.isDue).toBe(false);
      looks.push(seconds);
    }
    expect(looks.length).toBeGreaterThanOrEqual(9);
    expect(looks.length).toBeLessThanOrEqual(10);
    expect(looks.at(-1)).toBeLessThanOrEqual(150);
  });
});

describe('R8: what the destination has lost', () => {
  /** The destination is another broker that has only so many of its messages. */
  function keepOnly(messages: number): void {
    queue.recreate(...queue.records.slice(0, messages));
  }

  it('is not passed over, however often it is read back, until the source’s checkpoint has gone back as well', async () => {
    for (let offset = 0; offset < 10; offset++) copy(offset);
    await log.readBack(signal);
    checkpoint = 9;
    const before = log.readBacks;
    keepOnly(4);
    for (let again = 0; again < 2; again++) {
      await log.readBack(signal);
      expect(log.evidence).toMatchObject({ newest: { sourceOffset: 3 }, sourceCheckpoint: 'doubtful' });
    }
    log.checkpointFollows(before);
    expect(log.evidence!.sourceCheckpoint).toBe('doubtful');
    log.checkpointFollows(log.readBacks);
    expect(log.evidence!.sourceCheckpoint).toBe('right');
  });

  /** The queue holds a message of others, and then so many copies. */
  async function readBackCopies(copies: number): Promise<void> {
    queue.append(storedRecord({ queueOffset: 0 }));
    for (let offset = 0; offset < copies; offset++) copy(offset);
    await log.readBack(signal);
  }

  async function sourceCheckpoint(by = newLog()): Promise<Trust> {
    await by.readBack(signal);
    expect(by.newest).toBeUndefined();
    return by.evidence!.sourceCheckpoint;
  }

  it('is known where the queue ends before a copy that was there, or holds something else in its place', async () => {
    await readBackCopies(4);
    keepOnly(1);
    expect(await sourceCheckpoint(log)).toBe('wrong');
    checkpoint = 4;
    expect(await sourceCheckpoint()).toBe('wrong');
    for (let others = 1; others < 6; others++) queue.append(storedRecord({ queueOffset: others }));
    expect(await sourceCheckpoint()).toBe('wrong');
    checkpoint = undefined;
    expect(await sourceCheckpoint()).toBe('right');
    keepOnly(0);
    expect(await sourceCheckpoint()).toBe('doubtful');
  });

  it('is not what retention removed, also where a 4.x broker does not say so', async () => {
    await readBackCopies(4);
    checkpoint = 4;
    queue.min = queue.max;
    expect(await sourceCheckpoint()).toBe('right');
    vi.spyOn(queue, 'range').mockImplementation(() => Promise.resolve({ min: 0, max: queue.max }));
    expect(await sourceCheckpoint()).toBe('right');
    expect(await sourceCheckpoint(log)).toBe('right');
  });

  it('is not what an older generation left, after which nothing was copied yet', async () => {
    queue.append(storedRecord({ queueOffset: 0 }));
    copy(0);
    checkpoint = 1;
    const route = { ...ROUTE, source: { ...ROUTE.source, generation: 1 } };
    expect(await sourceCheckpoint(newLog(route))).toBe('right');
  });

  it('is not doubted any more once the checkpoint of a queue without copies was committed', async () => {
    expect(await sourceCheckpoint(log)).toBe('doubtful');
    log.checkpointFollows(log.readBacks);
    expect(await sourceCheckpoint(log)).toBe('right');
  });

  it('does not keep from reading back, though it was noted to be read', async () => {
    await readBackCopies(4);
    queue.append(storedRecord({ queueOffset: 5 }), storedRecord({ queueOffset: 6 }));
    copy(4);
    log.stored(7, 1, 4);
    keepOnly(3);
    await log.readBack(signal);
    expect(log.newest).toEqual({ sourceOffset: 1, offset: 2 });
  });
});
