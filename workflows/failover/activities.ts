import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { FailoverActivities } from '../../activities/failover/types.ts';

const COMMON = {
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '5s',
  // an effect that is still under way must not come after its undoing
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} as const;

/** Before the point of no return: what cannot be done within two minutes fails, and everything is put back. */
export const attempted = proxyActivities<FailoverActivities>({
  ...COMMON,
  scheduleToCloseTimeout: '2 minutes',
  retry: { initialInterval: '200ms', maximumInterval: '5s' },
});

/** Behind it: there is no other way than to go on until it is done. */
export const insisted = proxyActivities<FailoverActivities>({
  ...COMMON,
  retry: { initialInterval: '200ms', maximumInterval: '10s' },
});

/** Behind it, where the application can do without, and on the way back: what cannot be done within five minutes is left to an operator. */
export const persistent = proxyActivities<FailoverActivities>({
  ...COMMON,
  scheduleToCloseTimeout: '5 minutes',
  retry: { initialInterval: '200ms', maximumInterval: '5s' },
});

/** @param seconds how long consumers may take; asking them takes some more */
export function settling(seconds: number): Pick<FailoverActivities, 'settleGroups'> {
  const longest = (seconds + 60) * 1000;
  return proxyActivities<FailoverActivities>({
    ...COMMON,
    startToCloseTimeout: longest,
    scheduleToCloseTimeout: longest + 240_000,
    retry: { initialInterval: '200ms', maximumInterval: '5s' },
  });
}

/** @param seconds how long copying may take */
export function draining(seconds: number): Pick<FailoverActivities, 'awaitCopied'> {
  return proxyActivities<FailoverActivities>({
    ...COMMON,
    startToCloseTimeout: seconds * 1000,
    scheduleToCloseTimeout: seconds * 1000,
    retry: { initialInterval: '200ms', maximumInterval: '5s' },
  });
}

/** What takes as long as there is something to read or to copy; an abort ends it. */
export const lasting = proxyActivities<FailoverActivities>({
  ...COMMON,
  startToCloseTimeout: '7 days',
  retry: { initialInterval: '200ms', maximumInterval: '10s' },
});
