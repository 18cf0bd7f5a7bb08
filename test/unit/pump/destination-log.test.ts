import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { DestinationLog } from '../../../src/pump/destination-log.ts';
import type { Route } from '../../../src/pump/read-back.ts';
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
let newLog: () => DestinationLog;
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
  newLog = () =>
    new DestinationLog({
      destination: destination as unknown as Destination,
      route: ROUTE,
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
      expect(log.evidence).toMatchObject({ newest: { sourceOffset: 3 }, intact: false });
    }
    log.checkpointFollows(before);
    expect(log.evidence!.intact).toBe(false);
    log.checkpointFollows(log.readBacks);
    expect(log.evidence!.intact).toBe(true);
  });

  it.each([
    ['the queue was created anew', 0, 0, undefined, true],
    ['what others wrote is still there', 2, 0, undefined, true],
    ['an earlier pump’s checkpoint tells of one', 2, 0, 4, true],
    ['retention has removed them', 0, 6, 4, false],
  ])('is told from what retention removed: %s', async (_, kept, min, committed, bare) => {
    for (let others = 0; others < 2; others++) queue.append(storedRecord({ queueOffset: others }));
    if (committed === undefined) for (let offset = 0; offset < 4; offset++) copy(offset);
    await log.readBack(signal);
    checkpoint = committed;
    if (min === 0) keepOnly(kept);
    else {
      for (let offset = 0; offset < 4; offset++) copy(offset);
      await log.readBack(signal);
      queue.min = min;
    }
    const fresh = newLog();
    const looked = committed === undefined && kept > 0 ? log : fresh;
    await looked.readBack(signal);
    expect(looked.evidence).toMatchObject({ newest: undefined, bare });
  });
});
