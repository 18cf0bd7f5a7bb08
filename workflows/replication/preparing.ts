import { ActivityCancellationType, isCancellation, patched, proxyActivities, sleep } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/types.ts';
import type { ReplicationInput } from '../../src/replication/input.ts';
import { WRONG_INPUT } from '../../src/replication/messages.ts';
import type { Prepared } from '../../src/replication/preparation.ts';
import { wrongInput } from '../wrong-input.ts';
import { causeOf, isFailure } from './causes.ts';
import { knowledgeOf } from './journaling.ts';
import { layShards, newFlow, type FlowState } from './flow-state.ts';
import { enter, refuse, type Task } from './task.ts';

const { prepare } = proxyActivities<ControlActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10s',
  // tried again by whoever calls it, so that operators see in `status` what is wrong
  retry: { maximumAttempts: 1 },
});

const { recallFlow } = proxyActivities<ControlActivities>({
  startToCloseTimeout: '10s',
  // an end that came while the workflow completes would have the server do that again, and an update that waits for it fail
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // asked again with each try to prepare
  retry: { maximumAttempts: 1 },
});

/**
 * Finds or creates on both clusters what the flow needs with this input. Nothing of it counts before it is adopted.
 * @param discovering see `PrepareInput`
 */
export function prepareOnce(
  task: Task,
  flow: FlowState,
  input: ReplicationInput,
  discovering: boolean,
): Promise<Prepared> {
  return prepare({ ...knowledgeOf(task, flow), input, discovering });
}

export function adopt(task: Task, flow: FlowState, prepared: Prepared): void {
  learn(task, flow, prepared);
  flow.leftOut = prepared.leftOut ?? [];
  flow.prepared = true;
  flow.begun = true;
  flow.troubles = [];
}

function learn(task: Task, flow: FlowState, prepared: Prepared): void {
  const { map, starts, epoch, revision, histories, primary, goesBack } = prepared;
  // one that is under way knows better: what is journaled may be of a move that was given up
  if (primary !== undefined && !flow.begun && flow === task.flows[0]) task.primary = primary;
  flow.epoch = epoch ?? flow.epoch;
  flow.revision = revision ?? flow.revision;
  flow.histories = histories ?? flow.histories;
  // a start that was resolved earlier stays: `latest` would be later by now
  flow.starts = { ...starts, ...flow.starts };
  flow.map = map;
  // where it was only noted from where, nobody has decided yet that it goes back
  if (goesBack && task.state === 'STARTING' && task.flows.length === 1 && !task.backFrom)
    task.flows = [...task.flows, newFlow(flow.destination, flow.source)];
}

/** Tries until it succeeds; only the operator can help against wrong input. Says whether copying can begin. */
export async function prepareWithPatience(task: Task, flow: FlowState, changed: () => void): Promise<boolean> {
  for (let tries = 1; ; tries++)
    try {
      adopt(task, flow, await prepareOnce(task, flow, task.input, flow.begun));
      layShards(flow, task.input.parallelism);
      return true;
    } catch (error) {
      if (isCancellation(error)) throw error;
      const cause = causeOf(error);
      if (isFailure(error, WRONG_INPUT)) return giveUp(task, flow, cause, changed);
      flow.troubles = [`cannot start: ${cause}; tried ${tries} times`];
      changed();
      if (patched('recall')) await recall(task);
      await sleep(backOff(tries));
    }
}

/** A workflow that knows nothing yet, while a cluster is away: what is journaled on the destination is enough for a failover, should that be the source. */
async function recall(task: Task): Promise<void> {
  // there and back: what is learnt of the first flow may be that there is a second
  for (const way of [0, 1]) {
    const flow = task.flows[way];
    if (!flow || flow.map.length > 0) continue;
    const found = await recallFlow({ ...knowledgeOf(task, flow), input: task.input }).catch((error: unknown) => {
      if (isCancellation(error)) throw error;
      return undefined;
    });
    if (found) learn(task, flow, found);
  }
}

/** A replication that never ran fails; one that is to go on stays paused, so that its operator can correct the cause. */
function giveUp(task: Task, flow: FlowState, cause: string, changed: () => void): boolean {
  if (flow.map.length === 0) throw wrongInput(cause);
  refuse(task, 'resume', {}, cause, new Date().toISOString());
  enter(task, 'PAUSED', cause);
  changed();
  return false;
}

/** 1 s, 2 s, 4 s ... 60 s. */
export function backOff(tries: number): number {
  return Math.min(60_000, 1000 * 2 ** Math.min(tries - 1, 6));
}
