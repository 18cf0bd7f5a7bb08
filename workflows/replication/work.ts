import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { Copying } from './copying.ts';
import type { FlowState, Shard } from './flow-state.ts';
import { prepareWithPatience } from './preparing.ts';
import { enter, isCopying, type Task } from './task.ts';

/** The work of a replication: prepares its flows one after the other, and has them copied side by side, until it is told to stop. */
export class Work {
  /** Why this replication can never copy. */
  failure: Error | undefined;
  /** To be called when what is shown of the task has changed. */
  readonly changed: () => void;
  readonly #task: Task;
  readonly #copyings = new Map<FlowState, Copying>();
  #scope: CancellationScope | undefined;
  #ended = false;
  #work: Promise<void> = Promise.resolve();

  constructor(task: Task, changed: () => void) {
    this.#task = task;
    this.changed = changed;
  }

  /** The work on one of the task's flows. */
  of(flow: FlowState): Copying {
    const known = this.#copyings.get(flow);
    if (known) return known;
    const onSurplus = (concerned: FlowState, shard: Shard, worker: string) => this.of(concerned).restart(shard, worker);
    const copying = new Copying(this.#task, flow, { changed: this.changed, onSurplus });
    this.#copyings.set(flow, copying);
    return copying;
  }

  start(): void {
    if (this.#ended) return;
    this.#scope = new CancellationScope();
    this.#work = this.#kept(this.#scope.run(() => this.#run()));
  }

  /** Resolves when no pump copies any more. */
  async stop(): Promise<void> {
    this.changed();
    this.#scope?.cancel();
    await this.#work;
  }

  /** Stops for good: this run of the workflow is over, the next one goes on. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.stop();
  }

  /** See `Copying.rescale`. */
  async rescale(): Promise<void> {
    await Promise.all(this.#task.flows.map((flow) => this.of(flow).rescale()));
  }

  /** See `Copying.follow`. */
  async follow(): Promise<void> {
    await Promise.all(this.#task.flows.map((flow) => this.of(flow).follow()));
  }

  /** Takes a flow up that is prepared, and has it copied if the others are. */
  add(flow: FlowState): void {
    this.#task.flows = [...this.#task.flows, flow];
    const scope = this.#scope;
    if (!scope || scope.consideredCancelled || !isCopying(this.#task)) return;
    const added = this.#kept(scope.run(() => this.of(flow).run()));
    this.#work = Promise.all([this.#work, added]).then(() => undefined);
  }

  async #run(): Promise<void> {
    // preparing the first may find that the task was reversed, and add a flow
    for (let flow = this.#unprepared(); flow; flow = this.#unprepared())
      if (!(await prepareWithPatience(this.#task, flow, this.changed))) return;
    enter(this.#task, 'RUNNING', this.#task.reason);
    this.changed();
    await Promise.all(this.#task.flows.map((flow) => this.of(flow).run()));
  }

  async #kept(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => {
      if (!isCancellation(error)) this.failure = error as Error;
    });
  }

  #unprepared(): FlowState | undefined {
    return this.#task.flows.find(({ prepared }) => !prepared);
  }
}
