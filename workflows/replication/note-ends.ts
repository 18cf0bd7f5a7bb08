import type { NoteEnds } from '../../src/replication/commands.ts';
import type { CommandAnswer } from '../../src/replication/messages.ts';
import { done, refused, refusedForNow } from './answers.ts';
import { causeOf } from './causes.ts';
import { newFlow } from './flow-state.ts';
import { ONLY_HOLDER, ownHold } from './hold.ts';
import { journalBack, knowledgeOf } from './journaling.ts';
import type { Task } from './task.ts';
import { startsAt } from './way-back.ts';

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
  // it counts as long as it may be journaled
  if (ends) task.backFrom = { by, starts };
  try {
    await journalBack(knowledgeOf(task, { ...newFlow(destination, source), starts }));
    if (!ends) delete task.backFrom;
    return done(task);
  } catch (error) {
    return refusedForNow(`it is not certain that it was done: ${causeOf(error)}; say it again`);
  }
}
