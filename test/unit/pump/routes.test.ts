import { describe, expect, it } from 'vitest';
import { routes } from '../../../src/pump/routes.ts';
import { pairQueues, remapQueue, type QueueRange } from '../../../src/replication/queue-map.ts';
import { queueKey } from '../../../src/transport/types.ts';

const FLOW = { replication: 'orders', source: 'east', destination: 'west', starts: {}, skips: {} };

function queues(broker: string, count: number) {
  return Array.from({ length: count }, (_, queue) => ({ broker, queue }));
}

/** Where checkpoints and marks are kept: twice as many places as there are queues. */
function placesOf(map: readonly QueueRange[], histories: Record<string, { generation: number }> = {}): string[] {
  const found = routes({ ...FLOW, queues: map, histories });
  return found.flatMap(({ checkpoint, lossMark }) => [queueKey(checkpoint), queueKey(lossMark)]);
}

describe('R5: checkpoints, and marks of lost copies, have distinct queue numbers', () => {
  /** Four queues on each of two source brokers, and one destination broker. */
  const paired = pairQueues('orders', [...queues('east-a', 4), ...queues('east-b', 4)], queues('west-a', 8));

  it('where queues of several source brokers go to one destination broker', () => {
    expect(new Set(placesOf(paired)).size).toBe(2 * 8);
  });

  it('where queues of the same number were sent to one destination queue', () => {
    const to = { broker: 'west-a', queue: 2 };
    const map = ['east-a', 'east-b'].reduce(
      (before, broker) => remapQueue(before, 'orders', { broker, queue: 1 }, to),
      paired,
    );
    expect(new Set(placesOf(map)).size).toBe(2 * 8);
  });

  it('and a mark counts for one generation only', () => {
    const accepted = { 'orders/east-b/3': { generation: 1 } };
    const [before, after] = [placesOf(paired), placesOf(paired, accepted)];
    expect(after.filter((place) => !before.includes(place))).toHaveLength(1);
  });
});
