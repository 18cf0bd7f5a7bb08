import type { OffsetSource, PullAnswer, Queue } from '../transport/types.ts';
import { NoMaster, QueueBlocked } from './problems.ts';

/** What it means that the source cannot give the message at offset `at`. @throws TransportError */
export async function explainMoved(
  source: Pick<OffsetSource, 'range'>,
  queue: Queue,
  at: number,
  { nextOffset }: Pick<PullAnswer, 'nextOffset'>,
): Promise<Error> {
  const { min, max, isOfSlave } = await source.range(queue);
  if (isOfSlave) return new NoMaster(queue, at, max);
  if (at > max)
    return new QueueBlocked(
      'history',
      at,
      `the source queue ends at ${max}, before ${at}: it was cut off or recreated`,
    );
  const to = Math.max(min, nextOffset);
  if (to <= at) return new Error(`the source says that offset ${at} is not there, and that it holds ${min} to ${max}`);
  return new QueueBlocked(
    'gap',
    at,
    `source offsets ${at} to ${to - 1} were removed before they were copied; skip-gap goes on at ${to}`,
    to,
  );
}

/** R1: only an operator may send a source queue, which stands at offset `at`, to another destination queue. */
export function queueGone({ topic, broker, id }: Queue, at: number): QueueBlocked {
  return new QueueBlocked(
    'queue-gone',
    at,
    `queue ${id} of topic ${topic} does not exist on the destination's broker ${broker} any more: bring it back and pause and resume, or choose another queue with remap`,
  );
}
