import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  patched,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Prepared, PumpActivities, PumpInput } from '../../activities/types.ts';
import { dealAdded } from '../../src/replication/deal-queues.ts';
import type { ReplicationInput } from '../../src/replication/input.ts';
import { OUTDATED, pumpId, PUMP_TASK_QUEUE } from '../../src/replication/messages.ts';
import { shardQueues, type QueueRange } from '../../src/replication/queue-map.ts';
import { causeOf, isFailure } from './causes.ts';
import { GroupSyncing } from './group-sync.ts';
import { sameQueues, shardsOf, type FlowState, type Shard } from './flow-state.ts';
import { outcomeOf } from './let-go.ts';
import { adopt, backOff, prepareOnce } from './preparing.ts';
import { pumpInputOf, settingsIn } from './pump-input.ts';
import { applyResult } from './reports.ts';
import type { Task } from './task.ts';
import { TopologyWatch, type TopologyListener } from './topology-watch.ts';

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

/** A shard at work: one pump after the other. */
interface Pumping {
  /** Of the pump at work now. */
  scope: CancellationScope;
  /** What that pump was started with. */
  settings: string;
  /** The worker that is to leave the next pump to others. */
  notOn: string | undefined;
  /** The shard is given up. */
  retired: boolean;
  /** Resolves when no pump of the shard copies any more. */
  ended: Promise<void>;
}

/** The work on one flow that is prepared: one pump a shard, and a watch over the source. */
export class Copying {
  readonly groups: GroupSyncing;
  readonly #task: Task;
  readonly #flow: FlowState;
  readonly #changed: () => void;
  readonly #pumping = new Map<Shard, Pumping>();
  readonly #watch: TopologyWatch;
  #scope: CancellationScope | undefined;
  #catchingUp = false;
  #dealing: Promise<void> = Promise.resolve();

  constructor(task: Task, flow: FlowState, { changed, onSurplus }: Pick<TopologyListener, 'changed' | 'onSurplus'>) {
    this.#task = task;
    this.#flow = flow;
    this.#changed = changed;
    this.groups = new GroupSyncing(task, flow, changed);
    this.#watch = new TopologyWatch(task, flow, {
      changed,
      onNew: async () => {
        // a pump that restarted for it would hold up a failover while producers wait
        await condition(() => task.hold === undefined);
        return await this.#extend();
      },
      onSurplus,
    });
  }

  /**
   * Until the surrounding scope is cancelled. When it resolves no pump copies any more. Any end of a pump counts: a dead worker's shows as a
   * time-out.
   */
  async run(): Promise<void> {
    const scope = (this.#scope = CancellationScope.current());
    for (const shard of this.#flow.shards) this.#begin(shard);
    const syncing = this.groups.run();
    if (patched('watch-topology')) await this.#watch.run();
    await scope.cancelRequested.catch(() => undefined);
    await this.#dealing;
    await Promise.all([syncing, ...[...this.#pumping.values()].map(({ ended }) => ended)]);
  }

  /** Has the shard's pump start anew with what the flow now says. @param notOn the worker that is to leave it to others */
  async restart(shard: Shard, notOn?: string): Promise<void> {
    const pumping = this.#pumping.get(shard);
    if (!pumping) return;
    const { scope } = pumping;
    pumping.notOn = notOn;
    scope.cancel();
    await condition(() => pumping.scope !== scope || this.#pumping.get(shard) !== pumping);
  }

  /** Deals the queues out anew over as many shards as the input says. Pumps whose queues and settings stay the same are not disturbed. */
  async rescale(): Promise<void> {
    await this.#deal(({ map }) => shardQueues(map, this.#task.input.parallelism));
  }

  /** Has pumps work on what is now known: queues that were added to its map or lead elsewhere, and its input. */
  async follow(): Promise<void> {
    await this.#deal(({ map, shards }) => {
      const parts = shards.map(({ queues }) => queues);
      return dealAdded(parts, map, this.#task.input.parallelism);
    });
  }

  /** Does the work while no pump of these shards is at work; afterwards they start anew with what the flow then says. */
  async whileStopped<T>(
    isConcerned: (shard: Shard) => boolean,
    work: (shards: readonly Shard[]) => Promise<T>,
  ): Promise<T> {
    return await this.#inTurn(async () => {
      const shards = this.#flow.shards.filter(isConcerned);
      await Promise.all(shards.map((shard) => this.#retire(shard)));
      try {
        return await work(shards);
      } finally {
        for (const shard of shards) this.#begin(shard);
      }
    });
  }

  /** Prepares for this input on top of what the flow has by then. @param discovering see `PrepareInput` */
  async prepare(input: ReplicationInput, discovering: boolean): Promise<Prepared> {
    const [task, flow] = [this.#task, this.#flow];
    for (;;) {
      const { input: current } = task;
      const { map, epoch, revision } = flow;
      const prepared = await prepareOnce(task, flow, input, discovering);
      const isSame = flow.map === map && flow.epoch === epoch && flow.revision === revision;
      // who changed the input has prepared for it; nobody needs what was prepared for the old one
      if (isSame || task.input !== current) return prepared;
    }
  }

  /** Takes up what is new on the source. Says whether there was anything. */
  async #extend(): Promise<boolean> {
    const { input } = this.#task;
    const known = inventory(this.#flow);
    const prepared = await this.prepare(input, true);
    // the input was changed meanwhile, and whoever did that has prepared for it
    if (this.#task.input !== input) return true;
    adopt(this.#task, this.#flow, prepared);
    if (inventory(this.#flow) === known) return false;
    await this.follow();
    return true;
  }

  /** Not awaited by pumps, because they may have to end for it. */
  #catchUp(): void {
    if (this.#catchingUp) return;
    this.#catchingUp = true;
    void this.#extend()
      .catch(() => undefined)
      .then(() => {
        this.#catchingUp = false;
      });
  }

  /** A queue that moves is copied again only when the pump that had it has ended. */
  async #deal(deal: (flow: FlowState) => readonly (readonly QueueRange[])[]): Promise<void> {
    await this.#inTurn(async () => {
      const flow = this.#flow;
      // the map may grow while pumps end, so what is at work must fit what is dealt in the end
      for (;;) {
        const parts = deal(flow);
        const going = flow.shards.filter((shard) => this.#pumping.has(shard) && !this.#fits(shard, parts));
        if (going.length === 0) {
          flow.shards = shardsOf(flow, parts);
          break;
        }
        await Promise.all(going.map((shard) => this.#retire(shard)));
      }
      for (const shard of flow.shards) this.#begin(shard);
    });
    this.#watch.renew();
    this.#changed();
  }

  /** Whether the shard's pump can go on when the queues are dealt out like this. */
  #fits(shard: Shard, parts: readonly (readonly QueueRange[])[]): boolean {
    const settings = settingsIn(pumpInputOf(this.#task, this.#flow, shard, parts.length));
    return parts.some((queues) => sameQueues(queues, shard.queues)) && this.#pumping.get(shard)?.settings === settings;
  }

  /** One dealing at a time, whatever came of the one before. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#dealing.then(work);
    this.#dealing = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  #begin(shard: Shard): void {
    const scope = this.#scope;
    if (!scope || scope.consideredCancelled || this.#task.state !== 'RUNNING' || this.#pumping.has(shard)) return;
    const pumping: Pumping = { scope, settings: '', notOn: undefined, retired: false, ended: Promise.resolve() };
    this.#pumping.set(shard, pumping);
    pumping.ended = scope.run(() => this.#keepPumping(shard, pumping));
  }

  async #retire(shard: Shard): Promise<void> {
    const pumping = this.#pumping.get(shard);
    if (!pumping) return;
    pumping.retired = true;
    pumping.scope.cancel();
    await pumping.ended;
  }

  async #keepPumping(shard: Shard, pumping: Pumping): Promise<void> {
    const all = CancellationScope.current();
    const isOver = () => all.consideredCancelled || pumping.retired;
    for (let failures = 0; !isOver();) {
      const scope = (pumping.scope = new CancellationScope());
      try {
        await scope.run(() => this.#pumpOnce(shard, pumping));
        failures = 0;
      } catch (error) {
        // a reset has rolled the workflow back, or it does not know yet what it has journaled: the journal counts
        if (isFailure(error, OUTDATED) && !isOver()) this.#catchUp();
        if (!all.consideredCancelled && !scope.consideredCancelled) {
          shard.troubles = [`the pump of shard ${this.#flow.shards.indexOf(shard)} failed: ${causeOf(error)}`];
          this.#changed();
          await scope.run(() => sleep(backOff(++failures))).catch(() => undefined);
        }
      }
    }
    this.#pumping.delete(shard);
  }

  async #pumpOnce(shard: Shard, pumping: Pumping): Promise<void> {
    const input = pumpInputOf(this.#task, this.#flow, shard);
    const activityId = `pump-${input.shard}-${++this.#task.pumpsBegun}`;
    const { notOn } = pumping;
    pumping.notOn = undefined;
    pumping.settings = settingsIn(input);
    shard.pump = pumpId(workflowInfo().runId, activityId);
    try {
      const result = await outcomeOf(pump(activityId, notOn === undefined ? input : { ...input, notOn }), activityId);
      applyResult(this.#flow, shard, result, new Date().toISOString());
    } finally {
      delete shard.pump;
    }
  }
}

function inventory({ map, leftOut }: FlowState): string {
  return JSON.stringify([map, leftOut]);
}
