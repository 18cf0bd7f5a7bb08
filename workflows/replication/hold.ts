import type { Command, Hold } from '../../src/replication/commands.ts';
import type { CommandAnswer } from '../../src/replication/messages.ts';
import { done } from './answers.ts';
import type { Task } from './task.ts';

/** A failover holds the replication while it works, so that nobody else changes it meanwhile. */
export function hold(task: Task, { by, operationId }: Hold, now: string): CommandAnswer {
  task.hold = { by, operationId, since: now };
  return done(task, { epoch: task.flows[0]!.epoch });
}

/** By the holder, or by an operator whose failover is gone. */
export function release(task: Task): CommandAnswer {
  delete task.hold;
  return done(task);
}

/** Why somebody else's hold forbids this command; `undefined` where it does not. */
export function heldAgainst({ hold: held }: Task, { name, input }: Command): string | undefined {
  if (!held || name === 'release' || isHolders(held.operationId, input.operationId)) return undefined;
  return `it is held by ${held.by} (operation ${held.operationId}) since ${held.since}; wait until that is done; only where it does not run any more, end its hold with release`;
}

export const ONLY_HOLDER = 'only whoever holds the replication may do that';

/** The hold under which a command with this `operationId` is given; `undefined` where it is not the holder's. */
export function ownHold({ hold: held }: Task, operationId: string | undefined): Task['hold'] {
  return held && isHolders(held.operationId, operationId) ? held : undefined;
}

function isHolders(holder: string, operationId: string | undefined): boolean {
  return operationId?.startsWith(`${holder}/`) === true;
}
