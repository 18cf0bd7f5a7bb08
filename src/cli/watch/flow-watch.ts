import type { LoadedConfig } from '../../config/types.ts';
import type { ReplicationInput } from '../../replication/input.ts';
import type { ReplicationStatus } from '../../replication/messages.ts';
import { describeExecution } from '../executions.ts';
import { queryStatus } from '../queries.ts';
import { ended } from '../status/list.ts';
import { goesBack, startedAs } from '../status/report.ts';
import { innermost, type Temporal } from '../temporal.ts';
import { DirectionWatch, type Copied } from './direction-watch.ts';
import { Newest } from './newest.ts';
import { queueSamples, summed, type FlowSample } from './sample.ts';

/** How long Temporal may take to say whether the workflow runs. ms */
const DESCRIBE_MS = 3_000;

interface WorkflowView {
  readonly health: string;
  readonly status?: ReplicationStatus;
  readonly trouble?: string;
}

/** One replication, asked again at each refresh: its workflow for state and blocks, its source clusters for offsets. */
export class FlowWatch {
  readonly #name: string;
  readonly #temporal: Temporal;
  readonly #config: LoadedConfig | undefined;
  readonly #workflow = new Newest(() => this.#askWorkflow());
  /** One for each direction, the second where there is one. */
  readonly #directions: readonly DirectionWatch[];
  /** What it copies, as the workflow said last, or was told at its start. */
  #known: ReplicationStatus | ReplicationInput | undefined;

  constructor(name: string, temporal: Temporal, config: LoadedConfig | undefined) {
    this.#name = name;
    this.#temporal = temporal;
    this.#config = config;
    this.#directions = [
      new DirectionWatch(name, config, () => this.#copied()),
      new DirectionWatch(name, config, () => turned(this.#copied())),
    ];
  }

  /** One for each direction. */
  async sample(): Promise<FlowSample[]> {
    const view = await this.#workflow.get();
    const ends = this.#copied();
    const there = await this.#sampleOf(this.#directions[0]!, view, ends);
    return ends && goesBack(ends) ? [there, await this.#sampleOf(this.#directions[1]!, view, turned(ends))] : [there];
  }

  close(): void {
    for (const direction of this.#directions) direction.close();
  }

  async #sampleOf(
    direction: DirectionWatch,
    { health, status, trouble }: WorkflowView,
    ends: Copied | undefined,
  ): Promise<FlowSample> {
    const view = await direction.get();
    const blocked = (status?.blocked ?? []).filter(({ source = ends?.source }) => source === ends?.source);
    const queues = view.offsets ? queueSamples(view.offsets, view.before, blocked, Date.now()) : [];
    return {
      name: this.#name,
      ...(ends ? { source: ends.source, destination: ends.destination } : {}),
      health,
      ...(view.offsets ? summed(queues) : {}),
      blocked: blocked.length,
      troubles: [...[trouble, view.trouble].filter((text) => text !== undefined), ...(status?.troubles ?? [])],
      queues,
    };
  }

  async #askWorkflow(): Promise<WorkflowView> {
    try {
      const execution = await this.#temporal.connection.withDeadline(Date.now() + DESCRIBE_MS, () =>
        describeExecution(this.#temporal, this.#name),
      );
      if (execution?.status !== 'RUNNING') return { health: ended(execution?.status) };
      const status = await queryStatus(this.#temporal, this.#name);
      this.#known = status ?? this.#known ?? (await startedAs(this.#temporal, this.#name));
      if (!status) return { health: 'NO WORKER' };
      return { health: status.health, status };
    } catch (error) {
      return { health: 'UNKNOWN', trouble: `Temporal at ${this.#temporal.address}: ${innermost(error).message}` };
    }
  }

  #copied(): (Copied & Pick<ReplicationInput, 'mode'>) | undefined {
    return this.#known ?? this.#config?.replications.get(this.#name);
  }
}

function turned(copied: Copied | undefined): Copied | undefined {
  return copied && { ...copied, source: copied.destination, destination: copied.source };
}
