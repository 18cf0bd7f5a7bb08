import { ActivityCancellationType, isCancellation, proxyActivities, sleep } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/types.ts';
import type { FlowKnowledge } from '../../src/replication/flow-knowledge.ts';
import { causeOf } from './causes.ts';
import type { FlowState } from './flow-state.ts';
import type { Task } from './task.ts';

const { journal } = proxyActivities<ControlActivities>({
  startToCloseTimeout: '20s',
  // an end that came while the workflow completes would have the server do that again, and an update that waits for it fail
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { maximumInterval: '1 minute' },
});

export const { raiseEpoch: journalEpoch } = proxyActivities<ControlActivities>({
  startToCloseTimeout: '20s',
  // whoever holds the replication sees why it failed, and tries again
  retry: { maximumAttempts: 1 },
});

/** Entries expire with the journal's topic, after 72 h by default. */
const AGAIN_AFTER = '12 hours';

export function knowledgeOf(replication: string, flow: FlowState): FlowKnowledge {
  const { source, destination, epoch, revision, map, histories, starts } = flow;
  return { replication, source, destination, epoch, revision, map, histories, starts };
}

/** Keeps the journal from expiring, whatever state the task is in, until the surrounding scope is cancelled. */
export async function keepJournal(task: Task): Promise<void> {
  try {
    for (;;) {
      for (const flow of task.flows)
        if (flow.prepared && flow.map.length > 0)
          await journal(knowledgeOf(task.name, flow)).catch((error: unknown) => {
            if (isCancellation(error)) throw error;
            flow.troubles = [`journal: ${causeOf(error)}`];
          });
      await sleep(AGAIN_AFTER);
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
}
