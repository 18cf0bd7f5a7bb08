import { proxyActivities } from '@temporalio/workflow';
import type { FailoverActivities } from '../../activities/failover/types.ts';
import type { Cut } from '../../src/replication/failover/settings.ts';
import { placesOf, queueKey, sourcesOf, topicsIn } from '../../src/replication/queue-map.ts';
import type { FlowState } from './flow-state.ts';
import type { Task } from './task.ts';

export const { takeCut, readPlaced } = proxyActivities<FailoverActivities>({
  startToCloseTimeout: '30s',
  // the operator sees why it failed, and tries again
  retry: { maximumAttempts: 1 },
});

/**
 * Where what is produced on the flow's destination begins to be copied back: where a move noted it, which may have opened the destination since; else at
 * `from`, or where it ends now. A topic or queue that is not among these came later.
 */
export async function startsBack(
  { backFrom }: Task,
  { destination, map }: FlowState,
  from?: Cut,
): Promise<Record<string, number>> {
  return (
    backFrom?.starts ??
    startsAt(from ?? (await takeCut({ cluster: destination, topics: topicsIn(map), known: placesOf(map) })))
  );
}

/** Where the flow's source ends. Fails while that does not answer. */
export async function cutOfSource({ source, map }: FlowState): Promise<Cut> {
  return await takeCut({ cluster: source, topics: topicsIn(map), known: sourcesOf(map) });
}

export function startsAt(ends: Cut): Record<string, number> {
  return Object.fromEntries(
    ends.flatMap(({ topic, broker, ends: offsets }) =>
      offsets.map((offset, id) => [queueKey({ topic, broker, id }), offset]),
    ),
  );
}
