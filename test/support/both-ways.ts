import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import type { LiveReplication } from './live-replication.ts';
import { comparedBothWays, logOf } from './oracle/both-ways.ts';
import { own, type Log } from './oracle/compare.ts';
import type { TestStack } from './servers.ts';

export function count(log: Log): number {
  return [...log.values()].reduce((sum, queue) => sum + queue.length, 0);
}

/** Nobody produces any more: in the end each side holds its own messages, one copy of each of the other side's, in order, and nothing else. */
export async function holdEachOnce({ east, west }: TestStack, live: LiveReplication, limitMs: number): Promise<void> {
  const [onEast, onWest] = [count(own(await logOf(east, live.topic))), count(own(await logOf(west, live.topic)))];
  await live.reaches(onEast + onWest, limitMs);
  await eventually(limitMs, async () => (await live.produced()) === onEast + onWest);
  // a copy that is copied back would be one more on the side that it came from
  await eventually(limitMs, () => live.hasPassedAll());
  const once = { lost: 0, repeated: 0, outOfOrder: 0, changed: 0 };
  expect(await comparedBothWays({ east, west }, live.topic)).toEqual({
    toWest: { source: onEast, copied: onEast, ...once },
    toEast: { source: onWest, copied: onWest, ...once },
  });
}
