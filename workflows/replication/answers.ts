import type { CommandAnswer } from '../../src/replication/messages.ts';
import type { Task } from './task.ts';

export function done(task: Task): CommandAnswer {
  return { done: true, state: task.state };
}

export function refused(reason: string): CommandAnswer {
  return { done: false, reason };
}
