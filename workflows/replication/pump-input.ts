import type { PumpInput } from '../../activities/types.ts';
import { mappedQueues, sourceKey } from '../../src/replication/queue-map.ts';
import type { Task } from './task.ts';

/** What the pump of a shard is told. */
export function pumpInputOf(task: Task, index: number): PumpInput {
  const { name, input, epoch, starts, skips, histories } = task;
  const { queues } = task.shards[index]!;
  const keys = new Set([...mappedQueues(queues)].map(sourceKey));
  return {
    replication: name,
    source: input.source,
    destination: input.destination,
    epoch,
    shard: index,
    queues,
    starts: only(starts, keys),
    skips: only(skips, keys),
    histories: only(histories, keys),
    tags: input.tags,
    onGap: input.onGap,
    rateLimit: share(input.rateLimit, task.shards.length),
  };
}

function only<T>(byQueue: Readonly<Record<string, T>>, keys: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(byQueue).filter(([key]) => keys.has(key)));
}

/** A flow's limits are divided over its shards. */
function share(
  { bytesPerSecond, messagesPerSecond }: Task['input']['rateLimit'],
  shards: number,
): PumpInput['rateLimit'] {
  return {
    ...(bytesPerSecond !== undefined && { bytesPerSecond: Math.max(1, Math.floor(bytesPerSecond / shards)) }),
    ...(messagesPerSecond !== undefined && { messagesPerSecond: Math.max(1, Math.floor(messagesPerSecond / shards)) }),
  };
}
