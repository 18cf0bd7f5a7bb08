import type { PumpInput } from '../../activities/types.ts';
import { flowGroup } from '../replication/names.ts';
import { mappedQueues } from '../replication/queue-map.ts';
import { queueKey } from '../transport/types.ts';
import type { Route } from './settle.ts';

/**
 * Above every queue number of a topic, because brokers accept offsets of queues that do not exist: under `SHARED + queue` a source queue keeps the
 * destination's checkpoint where it was mapped beside another one, under `LOSSES + generation * SHARED + queue` what is remembered of lost copies.
 */
const SHARED = 1_000_000;
const LOSSES = 2 * SHARED;

type Routed = Pick<PumpInput, 'replication' | 'source' | 'destination' | 'queues' | 'histories' | 'starts' | 'skips'>;

/** The source queues of a shard, and where each is copied to. */
export function routes(input: Routed): Route[] {
  const group = flowGroup(input);
  return [...mappedQueues(input.queues)].map(({ topic, from, to, remapped }) => {
    const queue = { topic, broker: from.broker, id: from.queue };
    const key = queueKey(queue);
    const destination = { topic, broker: to.broker, id: to.queue };
    const history = input.histories?.[key];
    const generation = history?.generation ?? 0;
    return {
      from: queue,
      to: destination,
      source: { cluster: input.source, topic, broker: from.broker, queue: from.queue, generation },
      group,
      checkpoint: remapped ? { ...destination, id: SHARED + from.queue } : destination,
      lossMark: { ...destination, id: LOSSES + generation * SHARED + from.queue },
      start: history?.start ?? input.starts[key],
      skipTo: input.skips[key] ?? 0,
    };
  });
}
