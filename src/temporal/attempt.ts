import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '@temporalio/activity';
import {
  ActivityCancelledError,
  ActivityNotFoundError,
  ActivityPausedError,
  ActivityResetError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { pumpId } from '../replication/messages.ts';

/** Whether this attempt of an activity is still the one that Temporal counts on. */
export type Standing = 'current' | 'superseded';

/** Another attempt works by now: this one must not write any more. */
export class AttemptSuperseded extends Error {
  override readonly name: string = 'AttemptSuperseded';

  constructor() {
    super('another attempt of this activity has taken over');
  }
}

const ANSWER_MS = 5000;
const ASK_AGAIN_MS = 1000;
/** Locks of attempts before these have lapsed long since. */
const FORMER_ATTEMPTS = 16;

/**
 * One attempt of a long-running activity: its names, whether it still counts, and when it must end.
 *
 * While Temporal is frozen or down the SDK cancels an activity locally, after its heartbeat time-out. Such an attempt may go on (for a pump: while it
 * holds its locks); it asks Temporal each second, and ends as soon as Temporal answers: handed over if it still counts, superseded if not.
 */
export class Attempt {
  readonly #context: Context;
  readonly #client: Client;
  readonly #end = new AbortController();
  #details: unknown;
  #handOver = false;

  constructor(context: Context, client: Client) {
    this.#context = context;
    this.#client = client;
    this.#details = context.info.heartbeatDetails;
    const { cancellationSignal } = context;
    const onCancel = () => {
      if (context.cancellationDetails?.timedOut) void this.#outliveOutage();
      else this.#end.abort();
    };
    if (cancellationSignal.aborted) onCancel();
    else cancellationSignal.addEventListener('abort', onCancel, { once: true });
  }

  /** Aborts when the attempt must end. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /** The workflow asked for the end; otherwise the activity is to go on elsewhere. */
  get isCancelRequested(): boolean {
    return this.#context.cancellationDetails?.cancelRequested ?? false;
  }

  get number(): number {
    return this.#context.info.attempt;
  }

  /** The pump over all its attempts. */
  get pump(): string {
    const { runId } = this.#execution;
    return pumpId(runId, this.#context.info.activityId);
  }

  get workflowId(): string {
    return this.#execution.workflowId;
  }

  /** This attempt, and no other. */
  get owner(): string {
    return this.#ownerOf(this.number);
  }

  /** The attempts before this one, newest first. */
  get formerOwners(): string[] {
    const oldest = Math.max(1, this.number - FORMER_ATTEMPTS);
    return Array.from({ length: this.number - oldest }, (_, i) => this.#ownerOf(this.number - 1 - i));
  }

  /** What this attempt said last; before it said anything, what the one before it did. */
  get details(): unknown {
    return this.#details;
  }

  /** Sent on by the SDK when its throttle allows. */
  heartbeat(details: unknown): void {
    this.#details = details;
    if (!this.#context.cancellationSignal.aborted) this.#context.heartbeat(details);
  }

  /** Comes back when Temporal has acknowledged a heartbeat or knows no such attempt any more, or when the attempt must end. */
  async standing(): Promise<Standing> {
    while (!this.ended.aborted) {
      const standing = await this.#ask();
      if (standing !== 'unknown') return standing;
      await this.#pause();
    }
    return 'current';
  }

  /** For a process that may have been frozen: before it takes a lock or writes. @throws AttemptSuperseded */
  async assertCurrent(): Promise<void> {
    if ((await this.standing()) === 'superseded') throw new AttemptSuperseded();
  }

  /**
   * The failure with which an attempt ends whose work is to go on elsewhere. Temporal is told right away where the SDK cannot any more.
   * The SDK delivers what was said last before the failure, so that the next attempt knows it.
   */
  async handedOver(): Promise<ApplicationFailure> {
    this.#context.heartbeat(this.#details);
    const failure = ApplicationFailure.create({
      message: 'handed over to the next attempt',
      type: 'HandedOver',
      category: ApplicationFailureCategory.BENIGN,
      nextRetryDelay: '100ms',
    });
    if (this.#handOver)
      await this.#within(() => this.#client.activity.fail(this.#context.info.taskToken, failure)).catch(
        () => undefined,
      );
    return failure;
  }

  async #outliveOutage(): Promise<void> {
    this.#handOver = (await this.standing()) === 'current';
    this.#end.abort();
  }

  async #ask(): Promise<Standing | 'unknown'> {
    try {
      await this.#within(() => this.#client.activity.heartbeat(this.#context.info.taskToken, this.#details));
      return 'current';
    } catch (error) {
      if (error instanceof ActivityNotFoundError) return 'superseded';
      if (!isToldToEnd(error)) return 'unknown';
      this.#end.abort();
      return 'current';
    }
  }

  #within<T>(call: () => Promise<T>): Promise<T> {
    return this.#client.withDeadline(Date.now() + ANSWER_MS, call);
  }

  async #pause(): Promise<void> {
    await sleep(ASK_AGAIN_MS, undefined, { signal: this.ended }).catch(() => undefined);
  }

  #ownerOf(attempt: number): string {
    const { workflowId, runId } = this.#execution;
    return `${workflowId}/${runId}/${this.#context.info.activityId}/${attempt}`;
  }

  get #execution() {
    const { workflowExecution } = this.#context.info;
    if (!workflowExecution) throw ApplicationFailure.nonRetryable('this activity is for workflows only');
    return workflowExecution;
  }
}

function isToldToEnd(error: unknown): boolean {
  return (
    error instanceof ActivityCancelledError ||
    error instanceof ActivityPausedError ||
    error instanceof ActivityResetError
  );
}
