import { proxyActivities } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/types.ts';
import type { Redrive } from '../../src/replication/commands.ts';
import type { BlockedQueue, CommandAnswer, RedriveResult } from '../../src/replication/messages.ts';
import { done, refused } from './answers.ts';
import { causeOf } from './causes.ts';
import type { FlowState, Shard } from './flow-state.ts';
import type { Task } from './task.ts';
import type { Work } from './work.ts';

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
export async function redrive(task: Task, work: Work, { topic }: Redrive): Promise<CommandAnswer> {
  if (task.state !== 'RUNNING' && task.state !== 'PAUSED')
    return refused(`redrive is possible while RUNNING or PAUSED; it is ${task.state}, try again later`);
  const flows = task.flows.filter(({ map }) => map.some((range) => range.topic === topic));
  if (flows.length === 0) return refused(`topic: ${topic} is not one of this replication's topics`);
  try {
    const results: RedriveResult[] = [];
    for (const flow of flows) results.push(await redriveFlow(task, work, flow, topic));
    return done(task, { redrive: results.reduce(sum) });
  } catch (error) {
    return refused(`nothing more was redriven for now: ${causeOf(error)}; what was redriven stays so, try again`);
  }
}

async function redriveFlow(task: Task, work: Work, flow: FlowState, topic: string): Promise<RedriveResult> {
  const { source, destination } = flow;
  const queues = flow.map.filter((range) => range.topic === topic);
  const isConcerned = (shard: Shard) => shard.queues.some((range) => range.topic === topic);
  const isTriedAgain = ({ kind, topic: of }: BlockedQueue) => kind === 'poison' && of === topic;
  return await work.of(flow).whileStopped(isConcerned, async (shards) => {
    const input = { replication: task.name, source, destination, queues, tags: task.input.tags };
    const redriven = await activities.redrive(input);
    for (const shard of shards) shard.blocked = shard.blocked.filter((queue) => !isTriedAgain(queue));
    return redriven;
  });
}

function sum(a: RedriveResult, b: RedriveResult): RedriveResult {
  return {
    redriven: a.redriven + b.redriven,
    refusedAgain: a.refusedAgain + b.refusedAgain,
    missing: a.missing + b.missing,
    more: a.more || b.more,
  };
}
