import type { SkipGap } from '../../src/replication/commands.ts';
import { addCounters, type BlockedQueue, type CommandAnswer } from '../../src/replication/messages.ts';
import { done, refused } from './answers.ts';
import type { Copying } from './copying.ts';
import { findBlocked } from './find-blocked.ts';
import { blockedKey, type Task } from './task.ts';

/** Goes on behind a gap, or behind a message that cannot be copied, where the operator says to which offset. */
export async function skipGap(task: Task, copying: Copying, wanted: SkipGap): Promise<CommandAnswer> {
  const found = findBlocked(task, wanted, ['gap', 'poison']);
  if (typeof found === 'string') return refused(found);
  const to = wanted.to ?? found.to;
  if (to === undefined) return refused(unknownEnd(found));
  const least = found.to ?? (found.kind === 'poison' ? found.at + 1 : found.at);
  if (to < least) return refused(`to: expected at least ${least}, the first offset that ${can(found)}, found ${to}`);
  const key = blockedKey(found);
  const shard = task.shards.findIndex(({ blocked }) => blocked.includes(found));
  task.skips[key] = to;
  task.counters = addCounters(task.counters, { gapSkipped: to - found.at });
  task.shards[shard]!.blocked = task.shards[shard]!.blocked.filter((queue) => blockedKey(queue) !== key);
  await copying.restart(shard);
  return done(task);
}

function unknownEnd({ kind, at }: BlockedQueue): string {
  return kind === 'poison'
    ? `the message at source offset ${at} would be passed over: say it with \`to\`, ${at + 1} for this message alone`
    : 'it is not known where messages begin again; say it with `to`';
}

function can({ kind }: BlockedQueue): string {
  return kind === 'poison' ? 'passes over the message' : 'is still there';
}
