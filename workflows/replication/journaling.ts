import { ActivityCancellationType, isCancellation, proxyActivities, sleep } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/types.ts';
import { servedAt, type FlowKnowledge } from '../../src/replication/flow-knowledge.ts';
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

const { journal: journalNow, journalBack } = proxyActivities<ControlActivities>({
  startToCloseTimeout: '20s',
  // commands are answered within 30 s
  scheduleToCloseTimeout: '25s',
});

export { journalBack };

export function knowledgeOf({ name, primary }: Task, flow: FlowState): FlowKnowledge {
  return servedAt({ replication: name, ...flow }, primary);
}

/** Makes it durable where the application is served from now on; that of the first flow, which decides, comes last. */
export async function journalPrimary(task: Task, flows: readonly FlowState[], primary: string): Promise<void> {
  for (const flow of flows.toReversed())
    await journalChange(task, flow, (before) => ({ ...before, primary }), journalNow);
}

/** Makes a change durable before it counts. What else was decided of the flow meanwhile is kept: then it is journaled again. */
export async function journalChange(
  task: Task,
  flow: FlowState,
  change: (before: FlowKnowledge) => FlowKnowledge,
  write: (known: FlowKnowledge) => Promise<void>,
): Promise<void> {
  for (;;) {
    const before = knowledgeOf(task, flow);
    const known = { ...change(before), revision: before.revision + 1 };
    await write(known);
    if (flow.map !== before.map || flow.revision !== before.revision || flow.epoch !== before.epoch) continue;
    const { map, histories, revision } = known;
    Object.assign(flow, { map, histories, revision });
    return;
  }
}

/** Keeps the journal from expiring, whatever state the task is in, until the surrounding scope is cancelled. */
export async function keepJournal(task: Task): Promise<void> {
  try {
    for (;;) {
      for (const flow of task.flows)
        if (flow.prepared && flow.map.length > 0)
          await journal(knowledgeOf(task, flow)).catch((error: unknown) => {
            if (isCancellation(error)) throw error;
            flow.troubles = [`journal: ${causeOf(error)}`];
          });
      await sleep(AGAIN_AFTER);
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
}
