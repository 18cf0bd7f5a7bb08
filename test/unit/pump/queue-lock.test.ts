import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LEASE_MS } from '../../../src/pump/lease.ts';
import { QueueLocks, SEND_QUEUE_DRAIN_MS, SEND_TIMEOUT_MS, type LockOptions } from '../../../src/pump/queue-lock.ts';
import type { Destination } from '../../../src/transport/types.ts';
import { FakeLocks } from '../../support/fake-locks.ts';

vi.mock('node:timers/promises', () => import('../../support/fake-sleep.ts'));

const GROUP = 'REPLICATOR_orders_east_west';
const KEYS = [0, 1].map((id) => ({ topic: 'orders', broker: 'broker-a', id }));
const TAKEOVER_MS = LEASE_MS + SEND_TIMEOUT_MS + SEND_QUEUE_DRAIN_MS;

let broker: FakeLocks;
const never = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
  broker = new FakeLocks();
});
afterEach(() => {
  vi.useRealTimers();
});

function locksOf(owner: string, options: Partial<LockOptions> = {}): QueueLocks {
  const destination = broker as Pick<Destination, 'lock' | 'unlock' | 'onLocksLost'> as Destination;
  const defaults = { formerOwners: [], keys: KEYS, owesWait: false, isAtRest: false, onWait: () => undefined };
  return new QueueLocks({ destination, broker: 'west', group: GROUP, owner, ...defaults, ...options });
}

/** Whether and when (ms from now) the locks were taken. */
function taking(locks: QueueLocks, until = never): { at: number | undefined; failure: string | undefined } {
  const begun = performance.now();
  const result: ReturnType<typeof taking> = { at: undefined, failure: undefined };
  locks.take(until).then(
    () => (result.at = performance.now() - begun),
    (error: unknown) => (result.failure = (error as Error).message),
  );
  return result;
}

async function taken(owner: string, options: Partial<LockOptions> = {}): Promise<QueueLocks> {
  const locks = locksOf(owner, options);
  const took = taking(locks);
  await vi.advanceTimersByTimeAsync(SEND_QUEUE_DRAIN_MS);
  expect(took.at).toBe(SEND_QUEUE_DRAIN_MS);
  return locks;
}

function calls(call: string): number {
  return broker.calls.filter((each) => each === call).length;
}

describe('R6: locks', () => {
  test('that nobody holds are taken once a send queue has drained, and kept for as long as they are renewed', async () => {
    const first = locksOf('first');
    const took = taking(first);
    await vi.advanceTimersByTimeAsync(SEND_QUEUE_DRAIN_MS);
    expect(took.at).toBe(SEND_QUEUE_DRAIN_MS);
    await vi.advanceTimersByTimeAsync(200_000 - SEND_QUEUE_DRAIN_MS);
    expect(first.lease.valid).toBe(true);
    expect(first.lost.aborted).toBe(false);
    expect(calls('lock first')).toBe(1 + 100);
    expect(broker.owners(GROUP, KEYS)).toEqual(['first', 'first']);
  });

  test('of a former attempt that gave them back need no other wait', async () => {
    await (await taken('first')).release();
    const took = taking(locksOf('second', { formerOwners: ['first'] }));
    await vi.advanceTimersByTimeAsync(SEND_QUEUE_DRAIN_MS);
    expect(took.at).toBe(SEND_QUEUE_DRAIN_MS);
  });

  test('of a former attempt that said it was at rest need no wait, if they are free', async () => {
    await (await taken('first')).release();
    const took = taking(locksOf('second', { formerOwners: ['first'], isAtRest: true }));
    await vi.advanceTimersByTimeAsync(0);
    expect(took.at).toBe(0);
  });

  test('of a former attempt that said it was at rest, but did not give them back, are waited for as of a dead one', async () => {
    await taken('first');
    const took = taking(locksOf('second', { formerOwners: ['first'], isAtRest: true }));
    await vi.advanceTimersByTimeAsync(TAKEOVER_MS - 1);
    expect(took.at).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(took.at).toBe(TAKEOVER_MS);
  });

  test('that somebody else held meanwhile cost the wait, whatever the former attempt said', async () => {
    await broker.lock('west', GROUP, 'other', KEYS);
    const took = taking(locksOf('second', { formerOwners: [], isAtRest: true }));
    await vi.advanceTimersByTimeAsync(60_000 + SEND_QUEUE_DRAIN_MS);
    expect(took.at).toBe(60_000 + SEND_QUEUE_DRAIN_MS);
  });

  test('of a dead former attempt are taken away at once; its lease and its last send are waited out', async () => {
    await broker.lock('west', GROUP, 'first', KEYS);
    const second = locksOf('second', { formerOwners: ['zeroth', 'first'] });
    const took = taking(second);
    await vi.advanceTimersByTimeAsync(10);
    expect(broker.owners(GROUP, KEYS)).toEqual(['second', 'second']);
    await vi.advanceTimersByTimeAsync(TAKEOVER_MS - 11);
    expect(took.at).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(took.at).toBe(TAKEOVER_MS);
    expect(second.lease.valid).toBe(true);
  });

  test('of anybody else are left alone, and waited for until they lapse', async () => {
    await broker.lock('west', GROUP, 'other', KEYS.slice(1));
    let waited = '';
    const took = taking(locksOf('first', { onWait: (reason) => (waited = reason) }));
    await vi.advanceTimersByTimeAsync(59_000);
    expect(took.at).toBeUndefined();
    expect(broker.owners(GROUP, KEYS)[1]).toBe('other');
    await vi.advanceTimersByTimeAsync(2000);
    expect(took.at).toBe(60_000 + SEND_QUEUE_DRAIN_MS);
    expect(waited).toMatch(/another pump holds locks of these 2 queues/);
    expect(broker.calls).not.toContain('unlock other');
  });

  test('a former attempt that is not as dead as it seemed loses them with its next renewal', async () => {
    const first = await taken('first');
    const took = taking(locksOf('second', { formerOwners: ['first'] }));
    await vi.advanceTimersByTimeAsync(2000);
    expect(first.lost.aborted).toBe(true);
    expect(String(first.lost.reason)).toContain('another pump holds them');
    expect(first.lease.valid).toBe(false);
    // and it does not disturb the new one, whatever it does last
    await first.release();
    await vi.advanceTimersByTimeAsync(TAKEOVER_MS);
    expect(took.at).toBe(TAKEOVER_MS);
    expect(broker.owners(GROUP, KEYS)).toEqual(['second', 'second']);
  });

  test('a wait ends with the signal, and leaves nothing behind', async () => {
    await broker.lock('west', GROUP, 'other', KEYS.slice(1));
    const stop = new AbortController();
    const locks = locksOf('first');
    const took = taking(locks, stop.signal);
    await vi.advanceTimersByTimeAsync(5500);
    stop.abort(new Error('stopped'));
    await vi.advanceTimersByTimeAsync(0);
    expect(took.failure).toBe('stopped');
    await locks.release();
    expect(broker.owners(GROUP, KEYS)).toEqual([undefined, 'other']);
    expect(broker.listeners.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a broker that cannot be asked fails the taking', async () => {
    broker.failure = new Error('connection refused');
    const locks = locksOf('first');
    const took = taking(locks);
    await vi.advanceTimersByTimeAsync(0);
    expect(took.failure).toBe('connection refused');
    await locks.release();
    expect(locks.lease.valid).toBe(false);
    expect(broker.listeners.size).toBe(0);
  });

  describe('are lost', () => {
    test('with the connection to their broker, and only to theirs', async () => {
      const locks = await taken('first');
      broker.restart('elsewhere');
      expect(locks.lease.valid).toBe(true);
      broker.restart('west');
      expect(locks.lease.valid).toBe(false);
      expect(String(locks.lost.reason)).toContain('the connection to broker west was lost');
    });

    test('with the connection while they are still being waited for', async () => {
      await broker.lock('west', GROUP, 'dead', KEYS);
      const locks = locksOf('first', { formerOwners: ['dead'] });
      const took = taking(locks);
      await vi.advanceTimersByTimeAsync(TAKEOVER_MS / 2);
      broker.restart('west');
      await vi.advanceTimersByTimeAsync(0);
      expect(took.failure).toContain('the connection to broker west was lost');
      expect(locks.lease.valid).toBe(false);
    });

    test('while a dead attempt is waited out: they are kept, and whoever comes next waits', async () => {
      await broker.lock('west', GROUP, 'dead', KEYS);
      const stop = new AbortController();
      const interrupted = locksOf('first', { formerOwners: ['dead'] });
      taking(interrupted, stop.signal);
      await vi.advanceTimersByTimeAsync(TAKEOVER_MS / 2);
      stop.abort(new Error('stopped'));
      await vi.advanceTimersByTimeAsync(0);
      expect(interrupted.owesWait).toBe(true);
      await interrupted.release();
      expect(broker.owners(GROUP, KEYS)).toEqual(['first', 'first']);
      const again = taking(locksOf('first', { owesWait: interrupted.owesWait }));
      await vi.advanceTimersByTimeAsync(TAKEOVER_MS - 1);
      expect(again.at).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);
      expect(again.at).toBe(TAKEOVER_MS);
    });

    test('when renewals fail until the lease is over; one that fails in between does no harm', async () => {
      const locks = await taken('first');
      await vi.advanceTimersByTimeAsync(1900 - SEND_QUEUE_DRAIN_MS);
      broker.failure = new Error('time-out');
      await vi.advanceTimersByTimeAsync(200);
      broker.failure = undefined;
      await vi.advanceTimersByTimeAsync(2000);
      expect(locks.lease.valid).toBe(true);
      broker.failure = new Error('time-out');
      await vi.advanceTimersByTimeAsync(LEASE_MS);
      expect(locks.lease.valid).toBe(false);
      await vi.advanceTimersByTimeAsync(2000);
      expect(locks.lost.aborted).toBe(true);
      expect(String(locks.lost.reason)).toContain('not renewed in time');
    });

    test('when a renewal is answered so late that the lease was over in between, though it succeeded', async () => {
      const locks = await taken('first');
      let answer!: () => void;
      broker.delay = new Promise((resolve) => (answer = resolve));
      await vi.advanceTimersByTimeAsync(LEASE_MS + 100);
      expect(locks.lease.valid).toBe(false);
      broker.delay = undefined;
      answer();
      await vi.advanceTimersByTimeAsync(0);
      expect(locks.lost.aborted).toBe(true);
      expect(locks.lease.valid).toBe(false);
    });

    test('for good: they are neither renewed nor asked for again', async () => {
      const locks = await taken('first');
      broker.restart('west');
      await vi.advanceTimersByTimeAsync(0);
      const asked = calls('lock first');
      await vi.advanceTimersByTimeAsync(100_000);
      expect(calls('lock first')).toBe(asked);
      expect(locks.lease.valid).toBe(false);
      await expect(locks.take(never)).rejects.toThrow('the locks on broker west are lost');
    });
  });

  test('are released once, after a renewal that is under way, and not renewed after it', async () => {
    const locks = await taken('first');
    let answer!: () => void;
    broker.delay = new Promise((resolve) => (answer = resolve));
    await vi.advanceTimersByTimeAsync(2000);
    expect(calls('lock first')).toBe(2);
    const releasing = locks.release();
    expect(locks.lease.valid).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(calls('unlock first')).toBe(0);
    broker.delay = undefined;
    answer();
    await releasing;
    await vi.advanceTimersByTimeAsync(100_000);
    expect(broker.calls.slice(-2)).toEqual(['lock first', 'unlock first']);
    expect(broker.owners(GROUP, KEYS)).toEqual([undefined, undefined]);
    expect(locks.lease.valid).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a release that fails is no failure: they lapse by themselves', async () => {
    const locks = await taken('first');
    broker.failure = new Error('connection refused');
    await locks.release();
    expect(locks.lease.valid).toBe(false);
  });
});
