import { proxyActivities } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/types.ts';
import type { AcceptHistory, Remap } from '../../src/replication/commands.ts';
import { WRONG_INPUT, type BlockedQueue, type CommandAnswer } from '../../src/replication/messages.ts';
import type { FlowKnowledge } from '../../src/replication/flow-knowledge.ts';
import { mappedQueues, queueKey, remapQueue, sourceKey, type QueuePlace } from '../../src/replication/queue-map.ts';
import { done, refused } from './answers.ts';
import { causeOf, isFailure } from './causes.ts';
import { findBlocked, type FoundBlocked } from './find-blocked.ts';
import { blockedKey, type FlowState, type Shard } from './flow-state.ts';
import { journalChange } from './journaling.ts';
import type { Task } from './task.ts';
import type { Work } from './work.ts';

const { redirect } = proxyActivities<ControlActivities>({
  startToCloseTimeout: '30s',
  // the operator sees why it failed, and tries again
  retry: { maximumAttempts: 1 },
});

/** The source's history changed, and counts as it is now: the queue goes on in a new generation (R8). */
export async function acceptHistory(task: Task, work: Work, wanted: AcceptHistory): Promise<CommandAnswer> {
  const found = findBlocked(task, wanted, ['history']);
  if (typeof found === 'string') return refused(found);
  const start = wanted.from ?? found.blocked.to;
  if (start === undefined)
    return refused('it is not known where the source differs from what was copied; say with `from` where to go on');
  return await goOn(task, work, found, start);
}

/** The destination queue is gone: the source queue is copied into another one from now on (R1). */
export async function remap(task: Task, work: Work, wanted: Remap): Promise<CommandAnswer> {
  const found = findBlocked(task, wanted, ['queue-gone']);
  if (typeof found === 'string') return refused(found);
  const { flow, blocked } = found;
  const start = wanted.fromOffset ?? blocked.at;
  if (start > blocked.at)
    return refused(
      `fromOffset: expected at most ${blocked.at}, the first offset that was not copied, found ${start}; pass over messages with skip-gap`,
    );
  const from = { broker: blocked.broker, queue: blocked.queue };
  const old = [...mappedQueues(flow.map)].find((queue) => sourceKey(queue) === blockedKey(blocked))?.to;
  if (!old) return refused(`queue ${blockedKey(blocked)} is not copied any more`);
  const to = { broker: wanted.toBroker ?? old.broker, queue: wanted.toQueue };
  if (to.broker === old.broker && to.queue === old.queue)
    return refused(`toQueue: queue ${to.queue} on ${to.broker} is the one that is gone; expected another one`);
  return await goOn(task, work, found, start, { from, to });
}

async function goOn(
  task: Task,
  work: Work,
  { flow, blocked }: FoundBlocked,
  start: number,
  moved?: { from: QueuePlace; to: QueuePlace },
): Promise<CommandAnswer> {
  const key = blockedKey(blocked);
  const holdsQueue = ({ queues }: Shard) => [...mappedQueues(queues)].some((queue) => sourceKey(queue) === key);
  return await work.of(flow).whileStopped(holdsQueue, async ([shard]) => {
    if (!shard) return refused(`queue ${key} is not copied any more`);
    try {
      await decide(task, flow, blocked, start, moved);
    } catch (error) {
      if (isFailure(error, WRONG_INPUT)) return refused(`nothing was changed: ${causeOf(error)}`);
      return refused(
        `it is not certain that it was done: ${causeOf(error)}; look at status, and say it again if the queue is still blocked`,
      );
    }
    shard.blocked = shard.blocked.filter((other) => blockedKey(other) !== key);
    if (moved) shard.queues = remapQueue(shard.queues, blocked.topic, moved.from, moved.to);
    return done(task);
  });
}

/** Makes it durable first. */
async function decide(
  task: Task,
  flow: FlowState,
  { topic, broker, queue, generation: found = 0 }: BlockedQueue,
  start: number,
  moved: { from: QueuePlace; to: QueuePlace } | undefined,
): Promise<void> {
  const key = queueKey({ topic, broker, id: queue });
  const change = (before: FlowKnowledge): FlowKnowledge => {
    const generation = Math.max(before.histories[key]?.generation ?? 0, found) + 1;
    return {
      ...before,
      map: moved ? remapQueue(before.map, topic, moved.from, moved.to) : before.map,
      histories: { ...before.histories, [key]: { generation, start } },
    };
  };
  const toQueue = moved && {
    to: { topic, broker: moved.to.broker, id: moved.to.queue },
    onPoison: task.input.onPoison,
  };
  await journalChange(task, flow, change, (known) =>
    redirect({ known, queue: { topic, broker, id: queue }, start, ...toQueue }),
  );
  // skips and repeats belong to the history that was
  flow.skips = without(flow.skips, key);
  flow.repeats = without(flow.repeats, key);
}

function without<T>(byQueue: Readonly<Record<string, T>>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(byQueue).filter(([other]) => other !== key));
}
