import type { PumpInput } from '../../src/replication/pump-messages.ts';
import { mappedQueues, sourceKey } from '../../src/replication/queue-map.ts';
import { blockedKey, type FlowState, type Shard } from './flow-state.ts';
import type { Task } from './task.ts';

/** What the pump of a shard is told. @param shards how many there are, or will be */
export function pumpInputOf(
  { name, input }: Task,
  flow: FlowState,
  shard: Shard,
  shards = flow.shards.length,
): PumpInput {
  const { source, destination, epoch, revision, starts, skips, histories } = flow;
  const { queues, blocked } = shard;
  const keys = new Set([...mappedQueues(queues)].map(sourceKey));
  return {
    replication: name,
    source,
    destination,
    epoch,
    revision,
    shard: flow.shards.indexOf(shard),
    shards,
    queues,
    starts: only(starts, keys),
    skips: only(skips, keys),
    histories: only(histories, keys),
    ...(blocked.length > 0 && { blocked: blocked.map(blockedKey) }),
    tags: input.tags,
    onGap: input.onGap,
    onPoison: input.onPoison,
    rateLimit: share(input.rateLimit, shards),
  };
}

/** What of this a pump at work would have to be restarted for. Queues and their offsets are changed by whoever restarts it. */
export function settingsIn(input: PumpInput): string {
  return JSON.stringify({
    ...input,
    revision: 0,
    shard: 0,
    shards: 0,
    queues: [],
    starts: {},
    skips: {},
    histories: {},
    blocked: [],
  });
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
