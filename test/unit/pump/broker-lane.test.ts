import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BrokerLane } from '../../../src/pump/broker-lane.ts';
import { LEASE_MS } from '../../../src/pump/lease.ts';
import type { QueueCopier } from '../../../src/pump/queue-copier.ts';
import { SEND_QUEUE_DRAIN_MS, SEND_TIMEOUT_MS } from '../../../src/pump/queue-lock.ts';
import { aborted } from '../../../src/pump/time.ts';
import type { Destination } from '../../../src/transport/types.ts';
import { FakeLocks } from '../../support/fake-locks.ts';

vi.mock('node:timers/promises', () => import('../../support/fake-sleep.ts'));

const GROUP = 'REPLICATOR_orders_east_west';
const FROM = { topic: 'orders', broker: 'broker-a', id: 0 };
const TAKEOVER_MS = LEASE_MS + SEND_TIMEOUT_MS + SEND_QUEUE_DRAIN_MS;
/** Of the second try, after the first has failed. */
const AGAIN_MS = 100;
/** While others hold the locks. */
const ASK_AGAIN_MS = 1000;

let broker: FakeLocks;
/** When copying began. ms from the start */
let copying: number[];
let stop: AbortController;
let lane: BrokerLane;
let over: Promise<void>;

beforeEach(() => {
  vi.useFakeTimers();
  broker = new FakeLocks();
  copying = [];
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await over;
  vi.useRealTimers();
});

interface Started {
  readonly formerOwners?: readonly string[];
  readonly isFormerAtRest?: boolean;
  /** The copier ends with a send that was not answered. */
  readonly isUnanswered?: boolean;
}

function start({ isUnanswered = false, ...options }: Started): void {
  const began = performance.now();
  const copier = {
    route: { from: FROM },
    isUnanswered,
    run: (until: AbortSignal) => {
      copying.push(performance.now() - began);
      return aborted(until);
    },
    commit: () => Promise.resolve(),
  };
  lane = new BrokerLane({
    destination: broker as Pick<Destination, 'lock' | 'unlock' | 'onLocksLost'> as Destination,
    ...{ broker: 'west', group: GROUP, owner: 'second', formerOwners: [], isFormerAtRest: false },
    ...{ assertCurrent: () => Promise.resolve(), onSuperseded: () => undefined },
    copiers: [copier as unknown as QueueCopier],
    ...options,
  });
  over = lane.run(stop.signal);
}

describe('R6: a lane whose first try fails', () => {
  test('after it has taken the locks away from a former attempt waits for that one all the same', async () => {
    await broker.lock('west', GROUP, 'first', [FROM]);
    const unlock = broker.unlock.bind(broker);
    vi.spyOn(broker, 'unlock').mockImplementationOnce(async (...asked) => {
      await unlock(...asked);
      throw new Error('no answer');
    });
    start({ formerOwners: ['first'] });
    await vi.advanceTimersByTimeAsync(AGAIN_MS + TAKEOVER_MS);
    expect(copying).toEqual([AGAIN_MS + TAKEOVER_MS]);
  });

  test('while somebody else holds the locks waits for what that one sent last, though the former attempt was at rest', async () => {
    await broker.lock('west', GROUP, 'other', [FROM]);
    start({ isFormerAtRest: true });
    await vi.advanceTimersByTimeAsync(0);
    broker.failure = new Error('connection reset');
    await vi.advanceTimersByTimeAsync(ASK_AGAIN_MS);
    broker.failure = undefined;
    await broker.unlock('west', GROUP, 'other', [FROM]);
    await vi.advanceTimersByTimeAsync(AGAIN_MS + SEND_QUEUE_DRAIN_MS);
    expect(copying).toEqual([ASK_AGAIN_MS + AGAIN_MS + SEND_QUEUE_DRAIN_MS]);
  });
});

describe('R6: a lane that ends', () => {
  async function endsAfter(ms: number): Promise<boolean> {
    await vi.advanceTimersByTimeAsync(ms);
    stop.abort();
    await over;
    return lane.isAtRest;
  }

  test('is at rest where what others sent before it was waited out and its own sends were answered', async () => {
    start({});
    expect(await endsAfter(SEND_QUEUE_DRAIN_MS)).toBe(true);
    expect(copying).toHaveLength(1);
  });

  test('is at rest where it never began and its predecessor was', async () => {
    stop.abort();
    start({ isFormerAtRest: true });
    expect(await endsAfter(0)).toBe(true);
  });

  test('is not at rest before that wait is over', async () => {
    start({});
    expect(await endsAfter(SEND_QUEUE_DRAIN_MS - 1)).toBe(false);
  });

  test('is not at rest where the broker did not give it the locks', async () => {
    broker.failure = new Error('frozen');
    start({});
    expect(await endsAfter(SEND_QUEUE_DRAIN_MS)).toBe(false);
  });

  test('is not at rest with a send that was not answered', async () => {
    start({ isUnanswered: true });
    expect(await endsAfter(SEND_QUEUE_DRAIN_MS)).toBe(false);
  });

  test('is not at rest once it lost the locks: others may have come in between', async () => {
    start({});
    await vi.advanceTimersByTimeAsync(SEND_QUEUE_DRAIN_MS);
    broker.restart('west');
    expect(await endsAfter(0)).toBe(false);
  });
});
