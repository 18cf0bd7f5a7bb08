import type { LoadedConfig } from '../../config/types.ts';
import type { ReplicationInput } from '../../replication/input.ts';
import type { ReplicationStatus } from '../../replication/messages.ts';
import { describeExecution } from '../executions.ts';
import { messageOf } from '../failure.ts';
import { queryStatus } from '../queries.ts';
import { ended } from '../status/list.ts';
import { startedAs } from '../status/report.ts';
import { innermost, type Temporal } from '../temporal.ts';
import { Newest } from './newest.ts';
import { OffsetWatch } from './offset-watch.ts';
import { queueSamples, summed, type FlowSample, type Offsets } from './sample.ts';

/** How long Temporal may take to say whether the workflow runs. ms */
const DESCRIBE_MS = 3_000;

interface WorkflowView {
  readonly health: string;
  readonly status?: ReplicationStatus;
  readonly trouble?: string;
}

interface OffsetsView {
  readonly offsets?: Offsets;
  readonly before?: Offsets;
  readonly trouble?: string;
}

/** One replication, asked again at each refresh: its workflow for state and blocks, its source cluster for offsets. */
export class FlowWatch {
  readonly #name: string;
  readonly #temporal: Temporal;
  readonly #config: LoadedConfig | undefined;
  readonly #workflow = new Newest(() => this.#askWorkflow());
  readonly #offsets = new Newest(() => this.#askOffsets());
  /** What it copies, as the workflow said last, or was told at its start. */
  #known: ReplicationStatus | ReplicationInput | undefined;
  #watch: OffsetWatch | undefined;
  #last: Offsets | undefined;

  constructor(name: string, temporal: Temporal, config: LoadedConfig | undefined) {
    this.#name = name;
    this.#temporal = temporal;
    this.#config = config;
  }

  async sample(): Promise<FlowSample> {
    const { health, status, trouble } = await this.#workflow.get();
    const view = await this.#offsets.get();
    const blocked = status?.blocked ?? [];
    const queues = view.offsets ? queueSamples(view.offsets, view.before, blocked, Date.now()) : [];
    const ends = this.#ends();
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

  close(): void {
    this.#watch?.close();
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

  async #askOffsets(): Promise<OffsetsView> {
    try {
      const before = this.#last;
      const offsets = await this.#readOffsets();
      this.#last = offsets;
      return { offsets, ...(before ? { before } : {}) };
    } catch (error) {
      return { trouble: `lag unknown: ${messageOf(error)}` };
    }
  }

  async #readOffsets(): Promise<Offsets> {
    const ends = this.#ends();
    if (!ends) throw new Error('the configuration file does not name it and no worker says what it copies');
    const { source, destination } = ends;
    const cluster = this.#config?.clusters.get(source);
    if (!cluster) throw new Error(`no configuration file names the cluster ${source}`);
    this.#watch ??= await OffsetWatch.open({ replication: this.#name, source, destination }, cluster);
    return await this.#watch.read(ends);
  }

  #ends() {
    return this.#known ?? this.#config?.replications.get(this.#name);
  }
}
