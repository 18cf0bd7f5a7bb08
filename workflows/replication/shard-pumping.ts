import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { PumpActivities } from '../../activities/types.ts';
import { OUTDATED, pumpId, PUMP_TASK_QUEUE } from '../../src/replication/messages.ts';
import type { PumpInput } from '../../src/replication/pump-messages.ts';
import type { QueueRange } from '../../src/replication/queue-map.ts';
import { causeOf, isFailure } from './causes.ts';
import { sameQueues, type FlowState, type Shard } from './flow-state.ts';
import { outcomeOf } from './let-go.ts';
import { backOff } from './preparing.ts';
import { pumpInputOf, settingsIn } from './pump-input.ts';
import { applyResult } from './reports.ts';
import type { Task } from './task.ts';

/** A stint is 6 h, give or take 10 %; see `PumpResult`. */
const LONGEST_STINT = '7 hours';

function pump(activityId: string, input: PumpInput) {
  return proxyActivities<PumpActivities>({
    activityId,
    taskQueue: PUMP_TASK_QUEUE,
    startToCloseTimeout: LONGEST_STINT,
    heartbeatTimeout: '10s',
    // "paused" must not be said while a pump still copies
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // attempts are never counted anew within an activity, so a back-off would grow with every restart of a worker
    retry: { initialInterval: '100ms', backoffCoefficient: 1 },
  }).pump(input);
}

export interface PumpingListener {
  readonly changed: () => void;
  /** A pump was told less than is journaled. Pumps may have to end for what is done about it. */
  readonly outdated: () => void;
  /** No pump of the shard copies any more, and none begins. */
  readonly ended: () => void;
}

/** A shard at work: one pump after the other, from now on until the scope is cancelled or the shard is given up. */
export class ShardPumping {
  /** Resolves when no pump of the shard copies any more. */
  readonly ended: Promise<void>;
  readonly #task: Task;
  readonly #flow: FlowState;
  readonly #shard: Shard;
  readonly #all: CancellationScope;
  readonly #listener: PumpingListener;
  /** Of the pump at work now. */
  #scope: CancellationScope;
  /** What that pump was started with. */
  #settings = '';
  /** The worker that is to leave the next pump to others. */
  #notOn: string | undefined;
  /** The shard is given up. */
  #retired = false;
  /** As `ended`. */
  #isOver = false;

  constructor(task: Task, flow: FlowState, shard: Shard, all: CancellationScope, listener: PumpingListener) {
    this.#task = task;
    this.#flow = flow;
    this.#shard = shard;
    this.#all = this.#scope = all;
    this.#listener = listener;
    this.ended = all.run(() => this.#run());
  }

  /** Has the pump start anew with what the flow now says. @param notOn the worker that is to leave it to others */
  async restart(notOn?: string): Promise<void> {
    const scope = this.#scope;
    this.#notOn = notOn;
    scope.cancel();
    await condition(() => this.#scope !== scope || this.#isOver);
  }

  /** No pump follows the one at work, which is stopped. Resolves when none copies any more. */
  async retire(): Promise<void> {
    this.#retired = true;
    this.#scope.cancel();
    await this.ended;
  }

  /** Whether the pump at work can go on when the flow's queues are dealt out like this. */
  fits(parts: readonly (readonly QueueRange[])[]): boolean {
    const settings = settingsIn(pumpInputOf(this.#task, this.#flow, this.#shard, parts.length));
    return parts.some((queues) => sameQueues(queues, this.#shard.queues)) && this.#settings === settings;
  }

  /** Any end of a pump counts: a dead worker's shows as a time-out. */
  async #run(): Promise<void> {
    const isEnding = () => this.#all.consideredCancelled || this.#retired;
    for (let failures = 0; !isEnding();) {
      const scope = (this.#scope = new CancellationScope());
      try {
        await scope.run(() => this.#pumpOnce());
        failures = 0;
      } catch (error) {
        // a reset has rolled the workflow back, or it does not know yet what it has journaled: the journal counts
        if (isFailure(error, OUTDATED) && !isEnding()) this.#listener.outdated();
        if (!this.#all.consideredCancelled && !scope.consideredCancelled) {
          this.#shard.troubles = [
            `the pump of shard ${this.#flow.shards.indexOf(this.#shard)} failed: ${causeOf(error)}`,
          ];
          this.#listener.changed();
          await scope.run(() => sleep(backOff(++failures))).catch(() => undefined);
        }
      }
    }
    this.#isOver = true;
    this.#listener.ended();
  }

  async #pumpOnce(): Promise<void> {
    const input = pumpInputOf(this.#task, this.#flow, this.#shard);
    const activityId = `pump-${input.shard}-${++this.#task.pumpsBegun}`;
    const notOn = this.#notOn;
    this.#notOn = undefined;
    this.#settings = settingsIn(input);
    this.#shard.pump = pumpId(workflowInfo().runId, activityId);
    try {
      const result = await outcomeOf(pump(activityId, notOn === undefined ? input : { ...input, notOn }), activityId);
      applyResult(this.#flow, this.#shard, result, new Date().toISOString());
    } finally {
      delete this.#shard.pump;
    }
  }
}
