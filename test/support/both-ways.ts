import { join } from 'node:path';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import type { LiveReplication } from './live-replication.ts';
import { compareLogs, copies, own, readLog, type Log } from './oracle/compare.ts';
import type { TestCluster, TestStack } from './servers.ts';

/** Where both directions are copied: the side's log of the topic, from the broker's files. */
export function logOn({ broker }: TestCluster, { topic }: LiveReplication): Promise<Log> {
  return readLog(join(broker.folder, 'store'), topic);
}

export function count(log: Log): number {
  return [...log.values()].reduce((sum, queue) => sum + queue.length, 0);
}

/** Nobody produces any more: in the end each side holds its own messages, one copy of each of the other side's, in order, and nothing else. */
export async function holdEachOnce({ east, west }: TestStack, live: LiveReplication, limitMs: number): Promise<void> {
  const [onEast, onWest] = [count(own(await logOn(east, live))), count(own(await logOn(west, live)))];
  await live.reaches(onEast + onWest, limitMs);
  await eventually(limitMs, async () => (await live.produced()) === onEast + onWest);
  // a copy that is copied back would be one more on the side that it came from
  await eventually(limitMs, () => live.hasPassedAll());
  const [inEast, inWest] = [await logOn(east, live), await logOn(west, live)];
  const once = { lost: 0, repeated: 0, outOfOrder: 0, changed: 0 };
  expect(compareLogs(own(inEast), copies(inWest))).toEqual({ source: onEast, copied: onEast, ...once });
  expect(compareLogs(own(inWest), copies(inEast))).toEqual({ source: onWest, copied: onWest, ...once });
}
