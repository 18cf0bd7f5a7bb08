import type { Command, Rescale, SkipGap, Stop } from '../../src/replication/commands.ts';
import type { Asked, BlockedQueue, CommandAnswer } from '../../src/replication/messages.ts';
import { done, refused } from './answers.ts';
import type { Copying } from './copying.ts';
import { cleanUp } from './retire.ts';
import { blockedKey, blockedQueues, enter, type Task } from './task.ts';
import { updateConfig } from './update-config.ts';

/**
 * Carries out one command; the loop never runs two at a time. A command that does not fit the state is refused with a reason, which is an
 * answer, not a failure.
 */
export async function execute(task: Task, copying: Copying, command: Command): Promise<CommandAnswer> {
  if (task.state === 'STOPPED') return refused('this replication is stopped; start it again with `replicator start`');
  if (copying.failure) return refused(`this replication failed: ${copying.failure.message}`);
  switch (command.name) {
    case 'pause':
      return await pause(task, copying, command.input);
    case 'resume':
      return resume(task, copying, command.input);
    case 'stop':
      return await stop(task, copying, command.input);
    case 'skipGap':
      return await skipGap(task, copying, command.input);
    case 'rescale':
      return await rescale(task, copying, command.input);
    case 'updateConfig':
      return await updateConfig(task, copying, command.input);
    case 'reverse':
    case 'redrive':
    case 'release':
    case 'remap':
    case 'acceptHistory':
      return refused(`${command.name} is not available yet`);
  }
}

async function pause(task: Task, copying: Copying, { reason }: Asked): Promise<CommandAnswer> {
  if (task.state !== 'PAUSED') {
    enter(task, 'PAUSING', reason);
    await copying.stop();
    enter(task, 'PAUSED', reason);
  }
  return done(task);
}

/** Prepares anew, because queues may have been added meanwhile. */
function resume(task: Task, copying: Copying, { reason }: Asked): CommandAnswer {
  if (task.state === 'PAUSED') {
    task.prepared = false;
    enter(task, 'STARTING', reason);
    copying.start();
  }
  return done(task);
}

async function stop(task: Task, copying: Copying, { reason, retire = false }: Stop): Promise<CommandAnswer> {
  enter(task, 'STOPPING', reason);
  await copying.stop();
  const leftToDo = retire ? await cleanUp(task) : undefined;
  enter(task, 'STOPPED', leftToDo ?? reason);
  return leftToDo === undefined ? done(task) : refused(leftToDo);
}

async function rescale(task: Task, copying: Copying, { parallelism }: Rescale): Promise<CommandAnswer> {
  task.input = { ...task.input, parallelism };
  await copying.rescale();
  return done(task);
}

async function skipGap(task: Task, copying: Copying, wanted: SkipGap): Promise<CommandAnswer> {
  const found = blockedByGap(task, wanted);
  if (typeof found === 'string') return refused(found);
  const to = wanted.to ?? found.to;
  if (to === undefined) return refused('it is not known where messages begin again; say it with `to`');
  const least = found.to ?? found.at;
  if (to < least) return refused(`to: expected at least ${least}, the first offset that is still there, found ${to}`);
  const key = blockedKey(found);
  const shard = task.shards.findIndex(({ blocked }) => blocked.includes(found));
  task.skips[key] = to;
  task.shards[shard]!.blocked = task.shards[shard]!.blocked.filter((queue) => blockedKey(queue) !== key);
  await copying.restart(shard);
  return done(task);
}

/** The one blocked queue that is meant, or why there is none. */
function blockedByGap(task: Task, { topic, queue, broker }: SkipGap): BlockedQueue | string {
  const place = `topic ${topic}, queue ${queue}${broker === undefined ? '' : ` on ${broker}`}`;
  const found = blockedQueues(task).filter(
    (blocked) =>
      blocked.topic === topic && blocked.queue === queue && (broker === undefined || blocked.broker === broker),
  );
  const gaps = found.filter(({ kind }) => kind === 'gap');
  if (gaps.length > 1)
    return `${place} is blocked on several brokers: say which with \`broker\`: ${gaps.map((gap) => gap.broker).join(', ')}`;
  if (gaps[0]) return gaps[0];
  if (found[0]) return `${place} is not blocked by a gap but by ${found[0].kind}: ${found[0].reason}`;
  return `${place} is not blocked`;
}
