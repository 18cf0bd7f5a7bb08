import type { NoteEnds } from '../../src/replication/commands.ts';
import type { CommandAnswer } from '../../src/replication/messages.ts';
import { done, refused, refusedForNow } from './answers.ts';
import { causeOf } from './causes.ts';
import { newFlow } from './flow-state.ts';
import { ONLY_HOLDER, ownHold } from './hold.ts';
import { journalBack, knowledgeOf } from './journaling.ts';
import { startsAt } from './reverse.ts';
import type { Task } from './task.ts';

/**
 * Where the way back of a one-way task will begin, made durable before producers may write to its destination. What an earlier move has noted stays: it
 * may have opened the destination, and what was produced there since is not copied back yet.
 */
export async function noteEnds(task: Task, { ends, operationId }: NoteEnds): Promise<CommandAnswer> {
  const hold = ownHold(task, operationId);
  if (!hold) return refused(ONLY_HOLDER);
  const { backFrom, flows } = task;
  const by = hold.operationId;
  if (flows.length > 1 || (backFrom && backFrom.by !== by)) return done(task);
  const { source, destination } = flows[0]!;
  const starts = ends ? startsAt(ends) : {};
  // what may be journaled is withdrawn as well
  if (ends) task.backFrom = { by, starts };
  else delete task.backFrom;
  try {
    await journalBack(knowledgeOf(task, { ...newFlow(destination, source), starts }));
    return done(task);
  } catch (error) {
    return refusedForNow(`it is not certain that it was done: ${causeOf(error)}; say it again`);
  }
}
