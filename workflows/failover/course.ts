import {
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import type { FailoverInput } from '../../src/replication/failover/input.ts';
import type {
  FailoverResult,
  FailoverSignal,
  FailoverStatus,
  LastCopies,
  MovedGroups,
  GroupRepeats,
  StrandedTail,
  StepStatus,
} from '../../src/replication/failover/messages.ts';
import type { PlannedStep, StepName } from '../../src/replication/failover/plan.ts';
import { causeOf } from '../replication/causes.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A way back: what a step has changed, or may have. */
interface Undo {
  readonly work: () => Promise<unknown>;
  /** For an operator, where it cannot be done: what mends it. */
  readonly mend: string;
}

/** The failover on its way: its steps with times and results, what was said to it, and the way back. */
export class Course {
  readonly input: FailoverInput;
  readonly startedAt: string;
  /** What was said, by whom and why: a text that follows the word, such as ` by kim: moving day`. */
  readonly said: Partial<Record<Exclude<FailoverSignal, 'abort'>, string>> = {};
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  waitingFor: FailoverSignal | undefined;
  pastPointOfNoReturn = false;
  /** Begin and end of the write pause. ms since 1970 */
  fencedAt: number | undefined;
  openedAt: number | undefined;
  rpo: LastCopies | undefined;
  moved: MovedGroups | undefined;
  /** ms */
  readPauseMs: number | undefined;
  strandedTail: StrandedTail | undefined;
  repeats: GroupRepeats | undefined;
  #state: FailoverStatus['state'] = 'RUNNING';
  readonly #steps: Mutable<StepStatus>[];
  #undos: { readonly step: StepName; readonly undo: Undo }[] = [];
  readonly #notUndone: StepName[] = [];
  readonly #forward = new CancellationScope();
  #abortReason: string | undefined;

  constructor(input: FailoverInput, plan: readonly PlannedStep[]) {
    this.input = input;
    this.startedAt = now();
    this.#steps = plan.map(({ name, does }) => ({ name, does, state: 'planned' }));
  }

  has(name: StepName): boolean {
    return this.#steps.some((step) => step.name === name);
  }

  hasBegun(name: StepName): boolean {
    return this.#steps.some((step) => step.name === name && step.startedAt !== undefined);
  }

  /** Has it put everything back. After the point of no return it is too late, and only noted. */
  abort(reason: string): void {
    if (this.pastPointOfNoReturn) this.warnings.push(`${reason}: too late, the point of no return was passed`);
    else if (this.#state === 'UNDOING') this.warnings.push(`${reason}: everything is being put back already`);
    else if (this.#state === 'RUNNING') {
      this.#abortReason ??= reason;
      this.#forward.cancel();
    }
  }

  /** Waits until somebody says so, and tells who did. @throws ApplicationFailure when nobody does in time */
  async hear(signal: keyof Course['said']): Promise<string> {
    const { patience } = this.input;
    this.waitingFor = signal;
    await condition(() => this.said[signal] !== undefined, patience * 1000);
    this.waitingFor = undefined;
    const said = this.said[signal];
    if (said === undefined) throw ApplicationFailure.nonRetryable(`nobody said ${signal} within ${patience} s`);
    return said;
  }

  /** Waits for an operator's word, once, where one wants to be asked. */
  async confirmed(): Promise<void> {
    if (!this.has('confirm') || this.hasBegun('confirm')) return;
    await this.step(
      'confirm',
      () => this.hear('confirm'),
      (said) => `confirmed${said}`,
    );
  }

  /**
   * Does a step and notes what comes of it.
   * @param undo from its beginning on it may have had effects that this puts back
   */
  async step<T>(
    name: StepName,
    work: () => Promise<T>,
    says: (result: T) => string = () => 'done',
    undo?: Undo,
  ): Promise<T> {
    this.#assertWanted();
    const step = this.#find(name);
    if (undo) this.#undos.unshift({ step: name, undo });
    const began = Date.now();
    Object.assign(step, { state: 'running', startedAt: now() } satisfies Partial<StepStatus>);
    try {
      const result = await work();
      Object.assign(step, { state: 'done', tookMs: Date.now() - began, result: says(result) });
      return result;
    } catch (error) {
      const why = isCancellation(error) ? 'aborted' : causeOf(error);
      Object.assign(step, { state: 'failed', tookMs: Date.now() - began, result: why });
      throw error;
    }
  }

  /** From here on it only goes forward. @throws CancelledFailure when an abort came just before */
  passPointOfNoReturn(): void {
    this.#assertWanted();
    this.pastPointOfNoReturn = true;
  }

  /** What was under way when an abort came may have succeeded all the same; nothing comes after it. */
  #assertWanted(): void {
    if (this.#abortReason !== undefined) throw new CancelledFailure(this.#abortReason);
  }

  skip(name: StepName, why: string): void {
    Object.assign(this.#find(name), { state: 'skipped', result: why });
  }

  /** A step behind the point of no return that may be refused for good: then an operator has to finish it. */
  async attempt(name: StepName, work: () => Promise<unknown>, todo: string, says?: () => string): Promise<void> {
    await this.step(name, work, says).catch((error: unknown) => {
      this.problems.push(`${causeOf(error)}; ${todo}`);
    });
  }

  /** Goes forward until it fails or is aborted; then puts everything back, last change first. Says whether it arrived. */
  async forwardOrBack(work: () => Promise<void>): Promise<boolean> {
    try {
      await this.#forward.run(work);
      return true;
    } catch (error) {
      // an activity that is told to end by an abort may fail before it hears why
      this.problems.push(...(this.#abortReason ?? (isCancellation(error) ? 'aborted' : causeOf(error))).split('\n'));
      await this.#goBack();
      return false;
    }
  }

  async #goBack(): Promise<void> {
    this.#state = 'UNDOING';
    this.waitingFor = undefined;
    for (const step of this.#steps) if (step.state === 'planned') step.state = 'skipped';
    for (const { step, undo } of this.#undos) {
      this.#find(step).state = 'undoing';
      try {
        await undo.work();
        this.#find(step).state = 'undone';
      } catch (error) {
        this.#find(step).state = 'failed';
        this.#notUndone.push(step);
        this.problems.push(`${step} could not be undone: ${causeOf(error)}; ${undo.mend}`);
      }
    }
  }

  /** What the step has changed stays, also if it is aborted later. */
  keep(name: StepName): void {
    this.#undos = this.#undos.filter(({ step }) => step !== name);
  }

  status(): FailoverStatus {
    const { input, waitingFor, pastPointOfNoReturn, warnings } = this;
    const state = this.#state === 'RUNNING' && waitingFor ? 'WAITING' : this.#state;
    const toPutBack = this.#toPutBack();
    return {
      replication: input.replication,
      mode: input.mode,
      state,
      ...(waitingFor && { waitingFor }),
      pastPointOfNoReturn,
      ...(toPutBack.length > 0 && { toPutBack }),
      steps: this.#steps,
      warnings,
    };
  }

  #toPutBack(): string[] {
    if (this.#state === 'DONE' || (this.#state === 'RUNNING' && this.pastPointOfNoReturn)) return [];
    return this.#undos.flatMap(({ step, undo }) =>
      this.#find(step).state === 'undone' ? [] : [`${step}: ${undo.mend}`],
    );
  }

  #find(name: StepName): Mutable<StepStatus> {
    return this.#steps.find((step) => step.name === name)!;
  }

  end(outcome: FailoverResult['outcome']): FailoverResult {
    this.#state = 'DONE';
    const { input, problems, warnings, startedAt, fencedAt, openedAt, readPauseMs, moved, rpo, strandedTail, repeats } =
      this;
    return {
      outcome,
      replication: input.replication,
      mode: input.mode,
      problems,
      warnings,
      steps: this.#steps,
      ...(this.#notUndone.length > 0 && { notUndone: this.#notUndone }),
      ...(fencedAt !== undefined && openedAt !== undefined && { writePauseMs: openedAt - fencedAt }),
      ...(readPauseMs !== undefined && { readPauseMs }),
      ...(moved && { groups: moved }),
      ...(openedAt !== undefined && input.mode === 'failover' && { rtoMs: openedAt - Date.parse(startedAt) }),
      ...(rpo && { rpo }),
      ...(strandedTail && { strandedTail }),
      ...(repeats && { repeats }),
      ...(openedAt !== undefined && { openedAt: new Date(openedAt).toISOString() }),
      startedAt,
      endedAt: now(),
    };
  }
}

function now(): string {
  return new Date().toISOString();
}
