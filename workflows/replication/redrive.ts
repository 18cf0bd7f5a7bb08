import { proxyActivities } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/types.ts';
import type { Redrive } from '../../src/replication/commands.ts';
import type { BlockedQueue, CommandAnswer } from '../../src/replication/messages.ts';
import { done, refused } from './answers.ts';
import type { Copying } from './copying.ts';
import { causeOf } from './causes.ts';
import type { Shard, Task } from './task.ts';

const activities = proxyActivities<ControlActivities>({
  // it works for a minute; locks of a pump that died are waited for first, and a worker may die as well
  scheduleToCloseTimeout: '3 minutes',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10s' },
});

/**
 * Tries again what the destination refused for good: messages of the topic that are in quarantine, and those that block a queue. The pumps of
 * the topic's shards stand still meanwhile: one pump, or one redrive, works on a queue at a time. Their blocked queues are tried again because
 * the pumps start anew. Allowed where it is certain which pumps there are.
 */
export async function redrive(task: Task, copying: Copying, { topic }: Redrive): Promise<CommandAnswer> {
  if (task.state !== 'RUNNING' && task.state !== 'PAUSED')
    return refused(`redrive is possible while RUNNING or PAUSED; it is ${task.state}, try again later`);
  const queues = task.map.filter((range) => range.topic === topic);
  if (queues.length === 0) return refused(`topic: ${topic} is not one of this replication's topics`);
  const isConcerned = (shard: Shard) => shard.queues.some((range) => range.topic === topic);
  const { source, destination, tags } = task.input;
  const input = { replication: task.name, source, destination, queues, tags };
  try {
    const result = await copying.whileStopped(isConcerned, async (shards) => {
      const redriven = await activities.redrive(input);
      const isTriedAgain = ({ kind, topic: of }: BlockedQueue) => kind === 'poison' && of === topic;
      for (const shard of shards) shard.blocked = shard.blocked.filter((queue) => !isTriedAgain(queue));
      return redriven;
    });
    return done(task, result);
  } catch (error) {
    return refused(`nothing more was redriven for now: ${causeOf(error)}; what was redriven stays so, try again`);
  }
}
