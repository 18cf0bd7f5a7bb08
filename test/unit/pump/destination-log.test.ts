import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ByteBudget } from '../../../src/pump/byte-budget.ts';
import { DestinationLog } from '../../../src/pump/destination-log.ts';
import type { Route } from '../../../src/pump/read-back.ts';
import { TransportError } from '../../../src/transport/errors.ts';
import type { Destination } from '../../../src/transport/types.ts';
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
  const destination = Object.assign(new FakeDestination(), { committed: () => Promise.resolve(undefined) });
  queue = destination.queue(TO);
  log = new DestinationLog({
    destination: destination as unknown as Destination,
    route: ROUTE,
    budget: new ByteBudget(1e9),
    onRepeats: () => undefined,
  });
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
