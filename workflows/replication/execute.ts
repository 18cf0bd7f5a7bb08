import type { Command, Rescale, Stop } from '../../src/replication/commands.ts';
import type { Asked, CommandAnswer } from '../../src/replication/messages.ts';
import { done, refused } from './answers.ts';
import { acceptHistory, remap } from './go-on.ts';
import { heldAgainst, hold, release } from './hold.ts';
import { noteEnds } from './note-ends.ts';
import { claimGroups, placeGroups } from './place-groups.ts';
import { raiseEpoch } from './raise-epoch.ts';
import { regain, resume } from './lost-source.ts';
import { redrive } from './redrive.ts';
import { reverse } from './reverse.ts';
import { cleanUp } from './retire.ts';
import { skipGap } from './skip-gap.ts';
import { enter, type Task } from './task.ts';
import { updateConfig } from './update-config.ts';
import type { Work } from './work.ts';

/**
 * Carries out one command; the loop never runs two at a time. A command that does not fit the state is refused with a reason, which is an
 * answer, not a failure.
 */
export async function execute(task: Task, work: Work, command: Command): Promise<CommandAnswer> {
  if (task.state === 'STOPPED') return refused('this replication is stopped; start it again with `replicator start`');
  if (work.failure) return refused(`this replication failed: ${work.failure.message}`);
  const held = heldAgainst(task, command);
  if (held !== undefined) return refused(held);
  switch (command.name) {
    case 'pause':
      return await pause(task, work, command.input);
    case 'resume':
      return await resume(task, work, command.input);
    case 'stop':
      return await stop(task, work, command.input);
    case 'skipGap':
      return await skipGap(task, work, command.input);
    case 'acceptHistory':
      return await acceptHistory(task, work, command.input);
    case 'remap':
      return await remap(task, work, command.input);
    case 'rescale':
      return await rescale(task, work, command.input);
    case 'updateConfig':
      return await updateConfig(task, work, command.input);
    case 'redrive':
      return await redrive(task, work, command.input);
    case 'hold':
      return hold(task, command.input, new Date().toISOString());
    case 'release':
      return release(task);
    case 'noteEnds':
      return await noteEnds(task, command.input);
    case 'raiseEpoch':
      return await raiseEpoch(task, work, command.input);
    case 'regain':
      return regain(task, work, command.input);
    case 'claimGroups':
      return await claimGroups(task, work, command.input);
    case 'placeGroups':
      return await placeGroups(task, work, command.input);
    case 'reverse':
      return await reverse(task, work, command.input);
  }
}

async function pause(task: Task, work: Work, { reason }: Asked): Promise<CommandAnswer> {
  if (task.state !== 'PAUSED') {
    enter(task, 'PAUSING', reason);
    await work.stop();
    enter(task, 'PAUSED', reason);
  }
  return done(task);
}

async function stop(task: Task, work: Work, { reason, retire = false }: Stop): Promise<CommandAnswer> {
  enter(task, 'STOPPING', reason);
  await work.stop();
  const leftToDo = retire ? await cleanUp(task) : undefined;
  enter(task, 'STOPPED', leftToDo ?? reason);
  return leftToDo === undefined ? done(task) : refused(leftToDo);
}

async function rescale(task: Task, work: Work, { parallelism }: Rescale): Promise<CommandAnswer> {
  task.input = { ...task.input, parallelism };
  await work.rescale();
  return done(task);
}
