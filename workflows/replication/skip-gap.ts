import type { SkipGap } from '../../src/replication/commands.ts';
import type { BlockedQueue, CommandAnswer } from '../../src/replication/messages.ts';
import { done, refused } from './answers.ts';
import { findBlocked } from './find-blocked.ts';
import { blockedKey, passOver } from './flow-state.ts';
import type { Task } from './task.ts';
import type { Work } from './work.ts';

/** Goes on behind a gap, or behind a message that cannot be copied, where the operator says to which offset. */
export async function skipGap(task: Task, work: Work, wanted: SkipGap): Promise<CommandAnswer> {
  const found = findBlocked(task, wanted, ['gap', 'poison']);
  if (typeof found === 'string') return refused(found);
  const { flow, blocked } = found;
  const to = wanted.to ?? blocked.to;
  if (to === undefined) return refused(unknownEnd(blocked));
  const least = blocked.to ?? (blocked.kind === 'poison' ? blocked.at + 1 : blocked.at);
  if (to < least) return refused(`to: expected at least ${least}, the first offset that ${can(blocked)}, found ${to}`);
  const key = blockedKey(blocked);
  const shard = flow.shards.find((one) => one.blocked.includes(blocked))!;
  passOver(flow, key, blocked.at, to);
  shard.blocked = shard.blocked.filter((queue) => blockedKey(queue) !== key);
  await work.of(flow).restart(shard);
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
