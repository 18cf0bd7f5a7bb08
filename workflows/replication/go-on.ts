import { proxyActivities } from '@temporalio/workflow';
import type { ControlActivities, RedirectInput } from '../../activities/types.ts';
import type { AcceptHistory, Remap } from '../../src/replication/commands.ts';
import type { BlockedQueue, CommandAnswer } from '../../src/replication/messages.ts';
import { mappedQueues, remapQueue, sourceKey, type QueuePlace } from '../../src/replication/queue-map.ts';
import { done, refused } from './answers.ts';
import { causeOf } from './causes.ts';
import type { Copying } from './copying.ts';
import { findBlocked } from './find-blocked.ts';
import { knowledgeOf } from './journaling.ts';
import { blockedKey, type Task } from './task.ts';

const { redirect } = proxyActivities<ControlActivities>({
  startToCloseTimeout: '30s',
  // the operator sees why it failed, and tries again
  retry: { maximumAttempts: 1 },
});

/** The source's history changed, and counts as it is now: the queue goes on in a new generation (R8). */
export async function acceptHistory(task: Task, copying: Copying, wanted: AcceptHistory): Promise<CommandAnswer> {
  const found = findBlocked(task, wanted, ['history']);
  if (typeof found === 'string') return refused(found);
  const start = wanted.from ?? found.to;
  if (start === undefined)
    return refused('it is not known where the source differs from what was copied; say with `from` where to go on');
  return await goOn(task, copying, found, start);
}

/** The destination queue is gone: the source queue is copied into another one from now on (R1). */
export async function remap(task: Task, copying: Copying, wanted: Remap): Promise<CommandAnswer> {
  const found = findBlocked(task, wanted, ['queue-gone']);
  if (typeof found === 'string') return refused(found);
  const start = wanted.fromOffset ?? found.at;
  if (start > found.at)
    return refused(
      `fromOffset: expected at most ${found.at}, the first offset that was not copied, found ${start}; pass over messages with skip-gap`,
    );
  const from = { broker: found.broker, queue: found.queue };
  const old = [...mappedQueues(task.map)].find((queue) => sourceKey(queue) === blockedKey(found))!.to;
  const to = { broker: wanted.toBroker ?? old.broker, queue: wanted.toQueue };
  if (to.broker === old.broker && to.queue === old.queue)
    return refused(`toQueue: queue ${to.queue} on ${to.broker} is the one that is gone; expected another one`);
  return await goOn(task, copying, found, start, { from, to });
}

async function goOn(
  task: Task,
  copying: Copying,
  blocked: BlockedQueue,
  start: number,
  moved?: { from: QueuePlace; to: QueuePlace },
): Promise<CommandAnswer> {
  const key = blockedKey(blocked);
  const { topic, broker, queue } = blocked;
  const generation = (task.histories[key]?.generation ?? 0) + 1;
  const map = moved ? remapQueue(task.map, topic, moved.from, moved.to) : task.map;
  const histories = { ...task.histories, [key]: { generation, start } };
  const revision = task.revision + 1;
  const input: RedirectInput = {
    known: { ...knowledgeOf(task), map, histories, revision },
    queue: { topic, broker, id: queue },
    start,
    ...(moved && { to: { topic, broker: moved.to.broker, id: moved.to.queue } }),
  };
  try {
    await redirect(input);
  } catch (error) {
    return refused(`nothing was changed: ${causeOf(error)}`);
  }
  // skips and repeats belong to the history that was
  Object.assign(task, {
    map,
    histories,
    revision,
    skips: without(task.skips, key),
    repeats: without(task.repeats, key),
  });
  // a report may have come meanwhile, so the shard is found by the queue
  const index = task.shards.findIndex(({ queues }) =>
    [...mappedQueues(queues)].some((each) => sourceKey(each) === key),
  );
  const shard = task.shards[index]!;
  shard.blocked = shard.blocked.filter((other) => blockedKey(other) !== key);
  if (moved) shard.queues = remapQueue(shard.queues, topic, moved.from, moved.to);
  await copying.restart(index);
  return done(task);
}

function without<T>(byQueue: Readonly<Record<string, T>>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(byQueue).filter(([other]) => other !== key));
}
