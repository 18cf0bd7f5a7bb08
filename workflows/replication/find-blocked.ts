import type { BlockedQueue, BlockKind } from '../../src/replication/messages.ts';
import { blockedQueues, type Task } from './task.ts';

export interface WantedQueue {
  readonly topic: string;
  readonly queue: number;
  readonly broker?: string | undefined;
}

const CAUSES: Readonly<Record<BlockKind, string>> = {
  gap: 'a gap',
  history: 'changed history',
  poison: 'a message',
  'queue-gone': 'a destination queue that is gone',
};

/** The one queue that is meant and blocked by one of these, or why there is none. */
export function findBlocked(
  task: Task,
  { topic, queue, broker }: WantedQueue,
  kinds: readonly BlockKind[],
): BlockedQueue | string {
  const place = `topic ${topic}, queue ${queue}${broker === undefined ? '' : ` on ${broker}`}`;
  const found = blockedQueues(task).filter(
    (blocked) =>
      blocked.topic === topic && blocked.queue === queue && (broker === undefined || blocked.broker === broker),
  );
  const matching = found.filter(({ kind }) => kinds.includes(kind));
  if (matching.length > 1)
    return `${place} is blocked on several brokers: say which with \`broker\`: ${matching.map((one) => one.broker).join(', ')}`;
  if (matching[0]) return matching[0];
  if (found[0])
    return `${place} is not blocked by ${kinds.map((kind) => CAUSES[kind]).join(' or ')} but by ${CAUSES[found[0].kind]}: ${found[0].reason}`;
  return `${place} is not blocked`;
}
