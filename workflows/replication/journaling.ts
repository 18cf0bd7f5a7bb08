import { ActivityCancellationType, isCancellation, proxyActivities, sleep } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/types.ts';
import { isUnderWay, servedAt, type FlowKnowledge } from '../../src/replication/flow-knowledge.ts';
import { causeOf } from './causes.ts';
import type { FlowState } from './flow-state.ts';
import type { Task } from './task.ts';

const { journal } = proxyActivities<ControlActivities>({
  startToCloseTimeout: '20s',
  // an end that came while the workflow completes would have the server do that again, and an update that waits for it fail
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // it says itself what keeps it from writing; tried again is what a worker did not end
  retry: { maximumAttempts: 3 },
});

export const { raiseEpoch: journalEpoch } = proxyActivities<ControlActivities>({
  startToCloseTimeout: '20s',
  // whoever holds the replication sees why it failed, and tries again
  retry: { maximumAttempts: 1 },
});

/** Entries expire with the journal's topic, after 72 h by default. */
const AGAIN_AFTER_MS = 12 * 3_600_000;
/** After 2, 4, 8 ... minutes where it could not be renewed. */
const LONGEST_WAIT_MS = 3_600_000;

const { journalDecision, journalBack } = proxyActivities<ControlActivities>({
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
    await journalChange(task, flow, (before) => ({ ...before, primary }), journalDecision);
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
    for (let failures = 0; ;) {
      for (const flow of task.flows)
        if (isUnderWay(flow)) flow.journalTroubles = await renewed(knowledgeOf(task, flow));
      failures = task.flows.some(({ journalTroubles = [] }) => journalTroubles.length > 0) ? failures + 1 : 0;
      await sleep(failures === 0 ? AGAIN_AFTER_MS : Math.min(LONGEST_WAIT_MS, 60_000 * 2 ** Math.min(failures, 6)));
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
}

/** What kept it from being renewed. */
async function renewed(known: FlowKnowledge): Promise<readonly string[]> {
  try {
    return (await journal(known)) ?? [];
  } catch (error) {
    if (isCancellation(error)) throw error;
    return [`the journal is not renewed: ${causeOf(error)}`];
  }
}
