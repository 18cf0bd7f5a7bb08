import { CancellationScope, condition, patched, proxyActivities } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/types.ts';

/** A worker that lives has ended an activity by then, and a dead one's has timed out. ms */
const ENDS_WITHIN_MS = 20_000;

const { unpause } = proxyActivities<ControlActivities>({ startToCloseTimeout: '10s', retry: { maximumAttempts: 1 } });

/**
 * The outcome of an activity whose end is waited for when it is cancelled. Temporal times nothing out that somebody has paused (`temporal activity pause`):
 * where its worker died, it would stay for ever. So it is let go.
 */
export async function outcomeOf<T>(activity: Promise<T>, activityId: string): Promise<T> {
  const scope = CancellationScope.current();
  let isOver = false;
  if (patched('let-go'))
    void CancellationScope.nonCancellable(async () => {
      await condition(() => isOver || scope.consideredCancelled);
      while (!isOver && !(await condition(() => isOver, ENDS_WITHIN_MS)))
        await unpause({ activityId }).catch(() => undefined);
    });
  try {
    return await activity;
  } finally {
    isOver = true;
  }
}
