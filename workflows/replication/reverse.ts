import { patched } from '@temporalio/workflow';
import type { Reverse } from '../../src/replication/commands.ts';
import { messagesIn, type Cut } from '../../src/replication/failover/settings.ts';
import { WRONG_INPUT, type CommandAnswer } from '../../src/replication/messages.ts';
import { done, refused, refusedForNow } from './answers.ts';
import { causeOf, isFailure } from './causes.ts';
import { layShards, newFlow, type FlowState } from './flow-state.ts';
import { primaryFlow, serveAt } from './group-sync.ts';
import { journalPrimary } from './journaling.ts';
import { adopt, prepareOnce } from './preparing.ts';
import { enter, type Task } from './task.ts';
import { cutOfSource, startsBack } from './way-back.ts';
import type { Work } from './work.ts';

/**
 * Turns the direction of a one-way task: from where the destination ended, what is produced there is copied back; what still arrives on the old side goes on to be
 * copied as a late arrival, and R7 keeps either from being copied back. Where both directions are copied already, only which side is primary changes, and with it from where groups follow.
 */
export async function reverse(task: Task, work: Work, { from, reason }: Reverse): Promise<CommandAnswer> {
  // what 0.1 said
  if (!patched('reverse')) return refused('reverse is not available yet');
  if (task.state !== 'RUNNING')
    return refusedForNow(`reverse is possible while RUNNING; it is ${task.state}, try again later`);
  const primary = primaryFlow(task);
  const reasonBefore = task.reason;
  enter(task, 'REVERSING', reason);
  work.changed();
  try {
    // only to be told
    const cut = await cutOfSource(primary).catch(() => undefined);
    const back = task.flows.length === 1 ? await flowBack(task, primary, from) : undefined;
    await journalPrimary(task, back ? [...task.flows, back] : task.flows, primary.destination);
    if (back) work.add(back);
    delete task.backFrom;
    serveAt(task, primary.destination);
    const cutText = cut ? `, the cut is at ${messagesIn(cut)} messages on ${primary.source}` : '';
    const turned = `${primary.destination} to ${primary.source} since ${new Date().toISOString()}${cutText}`;
    enter(task, 'RUNNING', reason === undefined ? turned : `${reason}; ${turned}`);
    return done(task);
  } catch (error) {
    enter(task, 'RUNNING', reasonBefore);
    const reason = `the direction stays as it is: ${causeOf(error)}`;
    return isFailure(error, WRONG_INPUT) ? refused(reason) : refusedForNow(reason);
  }
}

async function flowBack(task: Task, forward: FlowState, from: Cut | undefined): Promise<FlowState> {
  const back = newFlow(forward.destination, forward.source);
  back.starts = await startsBack(task, forward, from);
  adopt(task, back, await prepareOnce(task, back, task.input, true));
  layShards(back, task.input.parallelism);
  return back;
}
