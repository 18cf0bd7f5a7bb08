import { redriveText, type CommandAnswer, type RedriveResult } from '../../src/replication/messages.ts';
import type { Task } from './task.ts';

export function done(task: Task, redrive?: RedriveResult): CommandAnswer {
  return { done: true, state: task.state, ...(redrive && { redrive }) };
}

export function refused(reason: string): CommandAnswer {
  return { done: false, reason };
}

/** For the audit. */
export function resultText(answer: Extract<CommandAnswer, { done: true }>): string {
  return answer.redrive ? `done: ${redriveText(answer.redrive)}` : 'done';
}
