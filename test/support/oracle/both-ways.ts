import { join } from 'node:path';
import type { TestCluster, TestStack } from '../servers.ts';
import { compareLogs, readLog, type Entry, type Log, type Verdict } from './compare.ts';

/** What each side produced, as the other one holds it. */
export async function comparedBothWays(
  { east, west }: Pick<TestStack, 'east' | 'west'>,
  topic: string,
): Promise<{ readonly toWest: Verdict; readonly toEast: Verdict }> {
  const [onEast, onWest] = await Promise.all([logOf(east, topic), logOf(west, topic)]);
  return {
    toWest: compareLogs(part(onEast, false), part(onWest, true)),
    toEast: compareLogs(part(onWest, false), part(onEast, true)),
  };
}

export function logOf({ broker }: TestCluster, topic: string): Promise<Log> {
  return readLog(join(broker.folder, 'store'), topic);
}

function part(log: Log, copies: boolean): Log {
  return new Map([...log].map(([queue, all]) => [queue, all.filter((entry) => isCopy(entry) === copies)]));
}

function isCopy({ from, redriven }: Entry): boolean {
  return from !== undefined || redriven;
}
