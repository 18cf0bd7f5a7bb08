import { CancellationScope, proxyActivities, sleep } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/types.ts';
import type { SurplusPump, WatchInput } from '../../src/replication/topology.ts';
import { causeOf } from './causes.ts';
import type { FlowState, Shard } from './flow-state.ts';
import type { Task } from './task.ts';

const { watchTopology } = proxyActivities<ControlActivities>({
  startToCloseTimeout: '7 hours',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '5s', backoffCoefficient: 1 },
});

/** A shard is moved to another worker at most this often. ms */
const MOVED_FOR_MS = 5 * 60_000;
const FIRST_WAIT_MS = 15_000;
const LONGEST_WAIT_MS = 10 * 60_000;

export interface TopologyListener {
  readonly changed: () => void;
  /** Something is new on the source. Says whether anything was to be added. */
  readonly onNew: () => Promise<boolean>;
  /** The shard's pump should be on another worker than this one. */
  readonly onSurplus: (flow: FlowState, shard: Shard, worker: string) => Promise<void>;
}

/**
 * Watches the source's topics and the pumps' workers through an activity that ends only when something has to be done, so that it adds nothing
 * to history while nothing changes.
 */
export class TopologyWatch {
  readonly #task: Task;
  readonly #flow: FlowState;
  readonly #listener: TopologyListener;
  #scope: CancellationScope | undefined;
  /** How often in a row what the watch saw came to nothing. */
  #fruitless = 0;

  constructor(task: Task, flow: FlowState, listener: TopologyListener) {
    this.#task = task;
    this.#flow = flow;
    this.#listener = listener;
  }

  /** Until the surrounding scope is cancelled. */
  async run(): Promise<void> {
    const all = CancellationScope.current();
    while (!all.consideredCancelled) if (await this.#look()) await this.#takeUp(all);
  }

  /** Has the watch begin anew with what the task now says. */
  renew(): void {
    this.#scope?.cancel();
  }

  /** Comes back when something had to be done. Says whether it is something new on the source. */
  async #look(): Promise<boolean> {
    const scope = (this.#scope = new CancellationScope());
    try {
      const { surplus, changes } = await scope.run(() => watchTopology(this.#input()));
      await this.#move(surplus);
      return changes.length > 0;
    } catch {
      // renewed, or a worker that could not say anything for hours
      if (!scope.consideredCancelled) await this.#wait(1);
      return false;
    }
  }

  async #takeUp(all: CancellationScope): Promise<void> {
    for (let tries = 1; !all.consideredCancelled; tries++)
      try {
        this.#fruitless = (await this.#listener.onNew()) ? 0 : this.#fruitless + 1;
        if (this.#fruitless > 0) await this.#wait(this.#fruitless);
        return;
      } catch (error) {
        if (all.consideredCancelled as boolean) return;
        this.#flow.troubles = [`cannot take up what is new on the source: ${causeOf(error)}; tried ${tries} times`];
        this.#listener.changed();
        await this.#wait(tries);
      }
  }

  async #wait(times: number): Promise<void> {
    const scope = (this.#scope = new CancellationScope());
    const ms = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(times - 1, 10));
    await scope.run(() => sleep(ms)).catch(() => undefined);
  }

  #input(): WatchInput {
    const { flows } = this.#task;
    const { source, map, leftOut } = this.#flow;
    const shards = flows.flatMap((flow) => flow.shards);
    return {
      input: this.#task.input,
      source,
      map,
      leftOut: leftOut.map(({ topic }) => topic),
      // one watch looks at the pumps of all flows
      ...(this.#flow === flows[0] && { settled: settledOf(shards) }),
    };
  }

  async #move(surplus: readonly SurplusPump[]): Promise<void> {
    await Promise.all(
      surplus.map(async ({ activityId, worker }) => {
        for (const flow of this.#task.flows) {
          const shard = flow.shards.find(({ pump }) => pump !== undefined && activityIdOf(pump) === activityId);
          if (!shard) continue;
          shard.movedAt = Date.now();
          await this.#listener.onSurplus(flow, shard, worker);
        }
      }),
    );
  }
}

function settledOf(shards: readonly Shard[]): NonNullable<WatchInput['settled']> {
  return Object.fromEntries(
    shards.flatMap(({ pump, movedAt }) =>
      pump === undefined || movedAt === undefined ? [] : [[activityIdOf(pump), movedAt + MOVED_FOR_MS]],
    ),
  );
}

/** See `pumpId`. */
function activityIdOf(pump: string): string {
  return pump.slice(pump.indexOf('/') + 1);
}
