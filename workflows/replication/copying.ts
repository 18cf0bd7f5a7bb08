import { CancellationScope, condition, patched } from '@temporalio/workflow';
import { dealAdded } from '../../src/replication/deal-queues.ts';
import type { ReplicationInput } from '../../src/replication/input.ts';
import type { Prepared } from '../../src/replication/preparation.ts';
import { shardQueues, type QueueRange } from '../../src/replication/queue-map.ts';
import { GroupSyncing } from './group-sync.ts';
import { shardsOf, type FlowState, type Shard } from './flow-state.ts';
import { adopt, prepareOnce } from './preparing.ts';
import { ShardPumping } from './shard-pumping.ts';
import { isCopying, type Task } from './task.ts';
import { TopologyWatch, type TopologyListener } from './topology-watch.ts';

/** The work on one flow that is prepared: one pump a shard, and a watch over the source. */
export class Copying {
  readonly groups: GroupSyncing;
  readonly #task: Task;
  readonly #flow: FlowState;
  readonly #changed: () => void;
  readonly #pumping = new Map<Shard, ShardPumping>();
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

  /** Until the surrounding scope is cancelled. When it resolves no pump copies any more. */
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
  restart(shard: Shard, notOn?: string): Promise<void> {
    return this.#pumping.get(shard)?.restart(notOn) ?? Promise.resolve();
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
        const going = flow.shards.filter((shard) => this.#pumping.get(shard)?.fits(parts) === false);
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
    if (!scope || scope.consideredCancelled || !isCopying(this.#task) || this.#pumping.has(shard)) return;
    const pumping = new ShardPumping(this.#task, this.#flow, shard, scope, {
      changed: this.#changed,
      outdated: () => {
        this.#catchUp();
      },
      ended: () => {
        this.#pumping.delete(shard);
      },
    });
    this.#pumping.set(shard, pumping);
  }

  #retire(shard: Shard): Promise<void> {
    return this.#pumping.get(shard)?.retire() ?? Promise.resolve();
  }
}

function inventory({ map, leftOut }: FlowState): string {
  return JSON.stringify([map, leftOut]);
}
