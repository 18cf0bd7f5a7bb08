import type { WorkerOptions } from '@temporalio/worker';
import { PUMP_TASK_QUEUE, TASK_QUEUE } from '../replication/messages.ts';

/** Why each of these: TEMPORAL in docs/architecture.md. */

const SHUTDOWN = {
  // pumps are told at once, and have this long to give back their locks
  shutdownGraceTime: 0,
  shutdownForceTime: '10s',
} as const satisfies Partial<WorkerOptions>;

/** Workflows and short activities. */
export const CONTROL_OPTIONS = {
  ...SHUTDOWN,
  taskQueue: TASK_QUEUE,
  // how long an update waits for a worker that was killed
  stickyQueueScheduleToStartTimeout: '2s',
  // else one worker would reserve all pumps for itself
  maxEagerActivityReservationsPerWorkflowTask: 0,
  // a watch a replication, besides what is short
  maxConcurrentActivityTaskExecutions: 1000,
} as const satisfies Partial<WorkerOptions>;

/** Pumps: a slot each for hours, so they have a task queue of their own. */
export function pumpOptions(slots: number) {
  return {
    ...SHUTDOWN,
    taskQueue: PUMP_TASK_QUEUE,
    maxConcurrentActivityTaskExecutions: slots,
    activityTaskPollerBehavior: { type: 'autoscaling' },
    // a pause reaches a pump with its next heartbeat
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
  } as const satisfies Partial<WorkerOptions>;
}
