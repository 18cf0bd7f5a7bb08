import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { ControlActivities, PumpActivities, PumpInput } from '../../activities/types.ts';
import { pumpId, PUMP_TASK_QUEUE, WRONG_INPUT } from '../../src/replication/messages.ts';
import { pumpInputOf } from './pump-input.ts';
import { applyResult } from './reports.ts';
import { enter, layShards, refuse, type Shard, type Task } from './task.ts';

const { prepare } = proxyActivities<ControlActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10s',
  // tried again by `prepareWithPatience`, so that operators see in `status` what is wrong
  retry: { maximumAttempts: 1 },
});

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

/** The work of a replication: prepare once, then one pump a shard, until it is told to stop. */
export class Copying {
  /** Why this replication can never copy. */
  failure: Error | undefined;
  readonly #task: Task;
  readonly #changed: () => void;
  readonly #pumps = new Map<Shard, CancellationScope>();
  #scope: CancellationScope | undefined;
  #ended = false;
  #work: Promise<void> = Promise.resolve();

  constructor(task: Task, changed: () => void) {
    this.#task = task;
    this.#changed = changed;
  }

  start(): void {
    if (this.#ended) return;
    this.#scope = new CancellationScope();
    this.#work = this.#scope
      .run(() => this.#run())
      .catch((error: unknown) => {
        if (!isCancellation(error)) this.failure = error as Error;
      });
  }

  /** Resolves when no pump copies any more. Any end of a pump counts: a dead worker's shows as a time-out. */
  async stop(): Promise<void> {
    this.#changed();
    this.#scope?.cancel();
    await this.#work;
  }

  /** Stops for good: this run of the workflow is over, the next one goes on. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.stop();
  }

  /** Has the shard's pump start anew with what the task now says. */
  async restart(index: number): Promise<void> {
    const shard = this.#task.shards[index]!;
    const pumping = this.#pumps.get(shard);
    if (!pumping) return;
    pumping.cancel();
    await condition(() => this.#pumps.get(shard) !== pumping);
  }

  async #run(): Promise<void> {
    if (!this.#task.prepared && !(await this.#prepareWithPatience())) return;
    enter(this.#task, 'RUNNING', this.#task.reason);
    this.#changed();
    await Promise.all(this.#task.shards.map((shard, index) => this.#keepPumping(shard, index)));
  }

  /** Tries until it succeeds; only the operator can help against wrong input. Says whether copying can begin. */
  async #prepareWithPatience(): Promise<boolean> {
    const { name, input } = this.#task;
    for (let tries = 1; ; tries++)
      try {
        const { map, starts } = await prepare({ replication: name, input, map: this.#task.map });
        // a start that was resolved earlier stays: `latest` would be later by now
        this.#task.starts = { ...starts, ...this.#task.starts };
        this.#task.map = map;
        this.#task.prepared = true;
        this.#task.troubles = [];
        layShards(this.#task);
        return true;
      } catch (error) {
        if (isCancellation(error)) throw error;
        const cause = causeOf(error);
        if (isWrongInput(error)) return this.#giveUp(cause);
        this.#task.troubles = [`cannot start: ${cause}; tried ${tries} times`];
        this.#changed();
        await sleep(backOff(tries));
      }
  }

  /** A replication that never ran fails; one that is to go on stays paused, so that its operator can correct the cause. */
  #giveUp(cause: string): boolean {
    if (this.#task.map.length === 0) throw ApplicationFailure.nonRetryable(cause, WRONG_INPUT);
    refuse(this.#task, 'resume', {}, cause, new Date().toISOString());
    enter(this.#task, 'PAUSED', cause);
    this.#changed();
    return false;
  }

  async #keepPumping(shard: Shard, index: number): Promise<void> {
    const all = CancellationScope.current();
    for (let failures = 0; ;) {
      const scope = new CancellationScope();
      this.#pumps.set(shard, scope);
      try {
        await scope.run(() => this.#pumpOnce(shard, index));
        failures = 0;
      } catch (error) {
        if (!all.consideredCancelled && !scope.consideredCancelled) {
          shard.troubles = [`the pump of shard ${index} failed: ${causeOf(error)}`];
          this.#changed();
          await scope.run(() => sleep(backOff(++failures))).catch(() => undefined);
        }
      }
      this.#pumps.delete(shard);
      if (all.consideredCancelled) return;
    }
  }

  async #pumpOnce(shard: Shard, index: number): Promise<void> {
    const activityId = `pump-${index}-${++this.#task.pumpsBegun}`;
    shard.pump = pumpId(workflowInfo().runId, activityId);
    try {
      const result = await pump(activityId, pumpInputOf(this.#task, index));
      applyResult(this.#task, shard, result, new Date().toISOString());
    } finally {
      delete shard.pump;
    }
  }
}

function isWrongInput(error: unknown): boolean {
  return (
    error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === WRONG_INPUT
  );
}

/** What the activity itself said, not what that was caused by. */
function causeOf(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** 1 s, 2 s, 4 s ... 60 s. */
function backOff(tries: number): number {
  return Math.min(60_000, 1000 * 2 ** Math.min(tries - 1, 6));
}
