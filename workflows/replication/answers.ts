import { redriveText, type CommandAnswer } from '../../src/replication/messages.ts';
import type { Task } from './task.ts';

type Done = Extract<CommandAnswer, { done: true }>;

export function done(task: Task, result: Pick<Done, 'redrive' | 'epoch' | 'placed'> = {}): CommandAnswer {
  return { done: true, state: task.state, ...result };
}

export function refused(reason: string): CommandAnswer {
  return { done: false, reason };
}

/** It may pass, so that the same can be asked again. */
export function refusedForNow(reason: string): CommandAnswer {
  return { done: false, reason, passing: true };
}

/** For the audit. */
export function resultText({ redrive }: Done): string {
  return redrive ? `done: ${redriveText(redrive)}` : 'done';
}
