import type { BlockedQueue, BlockKind } from '../../src/replication/messages.ts';
import { blockedQueues, type FlowState } from './flow-state.ts';
import type { Task } from './task.ts';

export interface WantedQueue {
  readonly topic: string;
  readonly queue: number;
  readonly source?: string | undefined;
  readonly broker?: string | undefined;
}

const CAUSES: Readonly<Record<BlockKind, string>> = {
  gap: 'a gap',
  history: 'changed history',
  poison: 'a message',
  'queue-gone': 'a destination queue that is gone',
};

/** A blocked queue and the flow that it belongs to. */
export interface FoundBlocked {
  readonly flow: FlowState;
  readonly blocked: BlockedQueue;
}

/** The one queue that is meant and blocked by one of these, or why there is none. */
export function findBlocked(
  task: Task,
  { topic, queue, source, broker }: WantedQueue,
  kinds: readonly BlockKind[],
): FoundBlocked | string {
  const of = source === undefined ? '' : ` of ${source}`;
  const place = `topic ${topic}, queue ${queue}${broker === undefined ? '' : ` on ${broker}`}${of}`;
  const found = task.flows
    .filter((flow) => source === undefined || source === flow.source)
    .flatMap((flow) => blockedQueues(flow).map((blocked) => ({ flow, blocked })))
    .filter(
      ({ blocked }) =>
        blocked.topic === topic && blocked.queue === queue && (broker === undefined || blocked.broker === broker),
    );
  const matching = found.filter(({ blocked }) => kinds.includes(blocked.kind));
  if (new Set(matching.map(({ flow }) => flow)).size > 1)
    return `${place} is blocked in both directions: say which with \`source\`: ${matching.map(({ flow }) => flow.source).join(', ')}`;
  if (matching.length > 1)
    return `${place} is blocked on several brokers: say which with \`broker\`: ${matching.map(({ blocked }) => blocked.broker).join(', ')}`;
  if (matching[0]) return matching[0];
  if (found[0])
    return `${place} is not blocked by ${kinds.map((kind) => CAUSES[kind]).join(' or ')} but by ${CAUSES[found[0].blocked.kind]}: ${found[0].blocked.reason}`;
  return `${place} is not blocked`;
}
