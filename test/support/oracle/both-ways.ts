import { join } from 'node:path';
import type { TestCluster, TestStack } from '../servers.ts';
import { compareLogs, copies, own, readLog, type Log, type Verdict } from './compare.ts';

/** What each side produced, as the other one holds it. */
export async function comparedBothWays(
  { east, west }: Pick<TestStack, 'east' | 'west'>,
  topic: string,
): Promise<{ readonly toWest: Verdict; readonly toEast: Verdict }> {
  const [onEast, onWest] = await Promise.all([logOf(east, topic), logOf(west, topic)]);
  return {
    toWest: compareLogs(own(onEast), copies(onWest)),
    toEast: compareLogs(own(onWest), copies(onEast)),
  };
}

export function logOf({ broker }: TestCluster, topic: string): Promise<Log> {
  return readLog(join(broker.folder, 'store'), topic);
}

/** What `comparedBothWays` finds where each side produced so many, and the other holds each once, in order and unchanged. */
export function onceBothWays(toWest: number, toEast: number): { readonly toWest: Verdict; readonly toEast: Verdict } {
  return { toWest: once(toWest), toEast: once(toEast) };
}

function once(messages: number): Verdict {
  return { source: messages, copied: messages, lost: 0, repeated: 0, outOfOrder: 0, changed: 0 };
}
