/** Names and shapes of what is said to and by a failover. Shared by workflows, activities and clients. */

import type { FailoverInput } from './input.ts';

export const FAILOVER_WORKFLOW = 'failover';

/** One for a replication, so that a second one cannot start beside it. */
export function failoverId(replication: string): string {
  return `failover/${replication}`;
}

export const FAILOVER_SIGNALS = ['producersStopped', 'confirm', 'abort'] as const;
export type FailoverSignal = (typeof FAILOVER_SIGNALS)[number];

/** `UNDOING`: it puts everything back as it was. `WAITING`: somebody has to say something, see `waitingFor`. */
export type FailoverState = 'RUNNING' | 'WAITING' | 'UNDOING' | 'DONE';

export type StepState = 'planned' | 'running' | 'done' | 'failed' | 'skipped' | 'undoing' | 'undone';

export interface StepStatus {
  readonly name: string;
  /** One sentence: what it does. */
  readonly does: string;
  readonly state: StepState;
  /** ISO 8601. */
  readonly startedAt?: string;
  /** ms */
  readonly tookMs?: number;
  /** What came of it, or why it failed. */
  readonly result?: string;
}

export interface FailoverStatus {
  readonly replication: string;
  readonly mode: FailoverInput['mode'];
  readonly state: FailoverState;
  readonly waitingFor?: FailoverSignal;
  /** After it nothing is undone any more, it only goes forward. */
  readonly pastPointOfNoReturn: boolean;
  /** What it has changed, or may have, and has not put back: `step: what mends it`, for whoever terminates it. Absent where nothing is put back (any more). */
  readonly toPutBack?: readonly string[];
  readonly steps: readonly StepStatus[];
  /** What nobody must act on before it goes on, but ought to know. */
  readonly warnings: readonly string[];
}

/** The newest copy of a source queue. What the source held behind it is unknown until the source is back. */
export interface LastCopy {
  readonly topic: string;
  readonly broker: string;
  readonly queue: number;
  /** Source offset behind the newest copy; absent where nothing was copied. */
  readonly copiedUpTo?: number;
  /** ISO 8601: when that message was produced. */
  readonly producedAt?: string;
}

export interface LastCopies {
  /** Those that were left behind longest first. */
  readonly queues: readonly LastCopy[];
  /** How many more there are. */
  readonly more: number;
}

/** What consumers of a disabled group still had, when waiting for them was over. */
export interface SettledGroup {
  readonly group: string;
  /** Messages that they had fetched and not finished, or finished and not committed: these may be seen again. 0 where they had settled. */
  readonly unfinished: number;
  /** Consumers that do not tell what they have, those behind proxies included: they had 6 s to commit. */
  readonly silent: number;
  /** Why it is not known whether there are consumers behind proxies; absent where it is. */
  readonly unseen?: string;
}

/** A consumer group that was moved, or stays disabled until somebody does what `problem` says. */
export interface MovedGroup {
  readonly group: string;
  /** Messages that may be seen again; see `SettledGroup`. Absent where nothing is known of it (`failover`). */
  readonly mayRepeat?: number;
  readonly silent?: number;
  readonly unseen?: string;
  /** ISO 8601, of a `failover`, and where there is a problem: when it was in step last; what it consumed since is seen again. Absent where nobody has told. */
  readonly syncedAt?: string;
  /** It was disabled on the source, and so it stays disabled. */
  readonly disabled?: boolean;
  readonly problem?: string;
}

export interface MovedGroups {
  /** Those with problems first, then those of which something may be seen again. */
  readonly groups: readonly MovedGroup[];
  /** How many more there are. */
  readonly more: number;
}

/** A message that a lost source has stored and that was never copied. */
export interface StrandedMessage {
  readonly topic: string;
  readonly broker: string;
  readonly queue: number;
  readonly offset: number;
  readonly messageId?: string;
  readonly keys?: string;
  /** ISO 8601, by the source broker's clock. */
  readonly storedAt: string;
}

/** Source offsets from `from` up to `to` (exclusive) hold so many messages that were never copied. */
export interface StrandedQueue {
  readonly topic: string;
  readonly broker: string;
  readonly queue: number;
  readonly from: number;
  readonly to: number;
  readonly messages: number;
}

export interface FoundTail {
  /** Queues in which something is stranded. */
  readonly queues: readonly StrandedQueue[];
  /** The first ones. */
  readonly list: readonly StrandedMessage[];
  /** A sentence for each queue of which it cannot be told. */
  readonly problems: readonly string[];
}

export interface StrandedTail {
  readonly policy: FailoverInput['strandedTail'];
  /** Exactly so many, in all queues. */
  readonly messages: number;
  /** Queues in which something is stranded, and the first messages. */
  readonly queues: readonly StrandedQueue[];
  readonly list: readonly StrandedMessage[];
  /** How many more there are. */
  readonly more: { readonly queues: number; readonly messages: number };
}

/** Where a group stood in the queues of a topic on one broker, as `[queue, offset]`. */
export interface PlacedRow {
  readonly group: string;
  readonly topic: string;
  readonly broker: string;
  readonly offsets: readonly (readonly [number, number])[];
}

/** From where groups went on after a failover. */
export interface PlacedGroups {
  readonly rows: readonly PlacedRow[];
  /** How many more there are. */
  readonly more: number;
}

export interface RepeatingGroup {
  readonly group: string;
  /** Copied before the loss: it got them once more at the destination. */
  readonly messages: number;
  /** Stranded: where they are copied, it gets them once more. */
  readonly stranded: number;
}

/**
 * Messages that groups had consumed before the source was lost, by the offsets that its brokers had flushed. What they committed in the last
 * `flushedEveryMs` before the loss is not among them: nobody knows it any more. Push consumers commit every 5 s by default.
 */
export interface GroupRepeats {
  /** Those with the most first. */
  readonly groups: readonly RepeatingGroup[];
  /** How many groups, or topics of groups, were left out. */
  readonly more: number;
  readonly flushedEveryMs: number;
}

/**
 * - `done`: moved. `dry-run`: nothing was changed.
 * - `refused`: it could not begin; `problems` say why, and nothing was changed.
 * - `incomplete`: moved, but a step behind the point of no return was refused; `problems` say what is left to do.
 * - `aborted`: somebody said so, or a step failed, before the point of no return; everything is as it was, but for `notUndone`.
 */
export interface FailoverResult {
  readonly outcome: 'done' | 'incomplete' | 'dry-run' | 'refused' | 'aborted';
  readonly replication: string;
  readonly mode: FailoverInput['mode'];
  /** Why it was refused or aborted, or what is left to do. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly steps: readonly StepStatus[];
  /** `aborted`, `refused`: steps that could not be put back within minutes; `problems` say what mends each. */
  readonly notUndone?: readonly string[];
  /** From the fence on the source to the destination's opening, while nobody could produce. ms */
  readonly writePauseMs?: number;
  /** From the fence of the groups on the source to their start on the destination. ms */
  readonly readPauseMs?: number;
  /** Where consumer groups were moved. */
  readonly groups?: MovedGroups;
  /** ISO 8601; when the destination was open to producers. */
  readonly openedAt?: string;
  /** `failover`: from its start until the destination was open. ms */
  readonly rtoMs?: number;
  /** `failover`: up to where each queue has arrived. */
  readonly rpo?: LastCopies;
  /** `failback`: what was found on the source, and what became of it. */
  readonly strandedTail?: StrandedTail;
  /** `failback`: what groups got twice because of the failover. */
  readonly repeats?: GroupRepeats;
  readonly startedAt: string;
  readonly endedAt: string;
}
