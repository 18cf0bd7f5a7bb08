import { createHash } from 'node:crypto';
import { flowGroup } from '../replication/names.ts';
import type { PumpInput } from '../replication/pump-messages.ts';
import { mappedQueues } from '../replication/queue-map.ts';
import { queueKey } from '../transport/types.ts';
import type { Route } from './read-back.ts';

/**
 * Queue numbers above those of every topic, under which the destination's broker keeps loss marks (see `Route`): it accepts offsets of queues that do not
 * exist. A loss mark has the number of the destination queue, plus `LOSS_MARKS`, plus one stride for each generation.
 */
const LOSS_MARKS = 2_000_000;
const GENERATION_STRIDE = 1_000_000;
/**
 * A remapped queue may share its destination queue with others, so neither its checkpoint nor its loss mark can go by that: theirs are
 * numbers from here on, by the hash of its own name.
 */
const HASHED = 2 ** 30;

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
      checkpoint: remapped ? { ...destination, id: hashed('checkpoint', key) } : destination,
      lossMark: {
        ...destination,
        id: remapped ? hashed(`losses ${generation}`, key) : LOSS_MARKS + generation * GENERATION_STRIDE + to.queue,
      },
      start: history?.start ?? input.starts[key],
      skipTo: input.skips[key] ?? 0,
    };
  });
}

/** Two names have the same one time in 2^30. Brokers hold queue numbers in 31 bits. */
function hashed(what: string, key: string): number {
  return HASHED + (createHash('sha256').update(`${what} ${key}`).digest().readUInt32BE() >>> 2);
}
