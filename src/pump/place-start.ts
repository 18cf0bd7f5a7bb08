import type { Cluster, Queue } from '../transport/types.ts';
import { pause } from './time.ts';

/** Brokers flush consumer offsets every 5 s. */
const FLUSHED_MS = 6000;

/**
 * Puts the source's checkpoint where an operator said that copying goes on, and returns when it survives a crash of the broker: what
 * stood there before belongs to another history. The queue's pump must be blocked or stopped.
 * @throws TransportError; Error when somebody else moves the checkpoint meanwhile
 */
export async function placeStart(
  { admin }: Cluster,
  group: string,
  queue: Queue,
  start: number,
  signal: AbortSignal,
): Promise<void> {
  await admin.commit(group, queue, start);
  await pause(FLUSHED_MS, signal);
  signal.throwIfAborted();
  const committed = await admin.committed(group, queue);
  if (committed !== start)
    throw new Error(
      `the checkpoint of group ${group} for queue ${queue.topic}/${queue.broker}/${queue.id} is ${committed ?? 'gone'} after it was set to ${start}`,
    );
}
