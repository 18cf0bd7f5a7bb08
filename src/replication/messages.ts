/** Names and shapes of what is said to and by a replication: its signals, updates and queries. Shared by workflows, activities and clients. */

import type { PlacedGroups } from './failover/messages.ts';
import type { ReplicationInput } from './input.ts';

export const TASK_QUEUE = 'replicator';
export const PUMP_TASK_QUEUE = 'replicator-pump';
export const REPLICATION_WORKFLOW = 'replication';

export type ReplicationState = 'STARTING' | 'RUNNING' | 'PAUSING' | 'PAUSED' | 'REVERSING' | 'STOPPING' | 'STOPPED';

/** Commands, each a signal and an update of the same name. */
export const COMMANDS = [
  'pause',
  'resume',
  'reverse',
  'stop',
  'rescale',
  'skipGap',
  'redrive',
  'updateConfig',
  'release',
  'remap',
  'acceptHistory',
  'hold',
  'noteEnds',
  'raiseEpoch',
  'regain',
  'claimGroups',
  'placeGroups',
] as const;
export type CommandName = (typeof COMMANDS)[number];

/** Type of the failure that says: the input must be corrected; trying again does not help. */
export const WRONG_INPUT = 'WrongInput';

/** Type of the failure of a pump that was told less than is journaled: the replication must prepare anew. */
export const OUTDATED = 'Outdated';

/** Who asked, why, and an ID under which the same command is carried out only once. */
export interface Asked {
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
  readonly operationId?: string | undefined;
}

/** `done: false` either says why it is refused (`passing`: what may pass, so that it can be given again), or (still under way after 30 s) names the operation. */
export type CommandAnswer =
  | {
      readonly done: true;
      readonly state: ReplicationState;
      readonly redrive?: RedriveResult;
      /** Of the flow that `hold` or `raiseEpoch` was about. */
      readonly epoch?: number;
      readonly placed?: GroupsPlaced;
    }
  | { readonly done: false; readonly reason: string; readonly operation?: string; readonly passing?: true };

/** What one exact sync of consumer groups has come to, as the last word. */
export interface GroupsPlaced {
  /** How many groups stand at the destination exactly where they stand on the source. */
  readonly inStep: number;
  /** The first ones that do not, why, and when each was in step last (ISO 8601; absent where that is not known). */
  readonly outOfStep: readonly { readonly group: string; readonly problem: string; readonly syncedAt?: string }[];
  /** How many more there are. */
  readonly more: number;
}

/** What became of the messages of one topic that were in quarantine, and of its queues that a message blocked. */
export interface RedriveResult {
  /** Copied now. */
  readonly redriven: number;
  /** Stay in quarantine: the destination would not take them now either. */
  readonly refusedAgain: number;
  /** Only their place was kept, and the source does not hold them any more. */
  readonly missing: number;
  /** There are more than one command works on: give it again. */
  readonly more: boolean;
}

export function redriveText({ redriven, refusedAgain, missing, more }: RedriveResult): string {
  const counts = `${redriven} redriven, ${refusedAgain} refused again, ${missing} missing`;
  return more ? `${counts}; there are more, give it again` : counts;
}

/** Why a queue's copying stands still until an operator decides. */
export type BlockKind = 'gap' | 'history' | 'poison' | 'queue-gone';

export interface BlockedQueue {
  /** The cluster of this queue, where a replication has two flows. */
  readonly source?: string;
  readonly topic: string;
  readonly broker: string;
  readonly queue: number;
  readonly kind: BlockKind;
  /** One sentence: what is wrong, and what to do. */
  readonly reason: string;
  /** Source offset at which copying stands. */
  readonly at: number;
  /** First source offset that can be copied again, where known (kind `gap`): `at` to `to` - 1 are missing. */
  readonly to?: number;
  /** Generation of the newest copies, where the replication does not know it (kind `history`). */
  readonly generation?: number;
  /** ISO 8601. */
  readonly since: string;
}

/** What a flow has done since its workflow began (counted by workers, so approximate after a worker was killed). */
export interface Counters {
  readonly copied: number;
  readonly bytes: number;
  /** Not copied because they came from, or passed, the destination (R7). */
  readonly loopSkipped: number;
  /** Source offsets passed over by `skipGap` or `onGap: skip`. */
  readonly gapSkipped: number;
  /** Set aside by `onPoison: quarantine` because the destination refuses them for good (R9). */
  readonly quarantined: number;
  /** Found twice in the destination log: what no protocol can prevent, counted. */
  readonly repeated: number;
  /** How often a send of unknown outcome was settled by reading back. */
  readonly settled: number;
}

export interface QueuePosition {
  /** The cluster of this queue, where a replication has two flows. */
  readonly source?: string;
  readonly topic: string;
  readonly broker: string;
  readonly queue: number;
  readonly to: { readonly broker: string; readonly queue: number };
  /** Next source offset, as last reported by the pump; absent before the first report. */
  readonly next?: number;
  /** ISO 8601 time of that report. */
  readonly asOf?: string;
}

export interface PositionsPage {
  readonly positions: readonly QueuePosition[];
  /** Give this as `from` to read on; absent on the last page. */
  readonly next?: number;
}

export interface ShardStatus {
  /** The cluster that it reads, where a replication has two flows. */
  readonly source?: string;
  readonly shard: number;
  readonly queues: number;
  readonly running: boolean;
  /** ISO 8601 time of the pump's last report. */
  readonly lastReport?: string;
}

export interface AuditEntry {
  /** ISO 8601. */
  readonly at: string;
  readonly command: string;
  readonly by?: string;
  readonly reason?: string;
  readonly operationId?: string;
  /** `done`, or why it was refused. */
  readonly result: string;
}

/** One direction of a replication that has two. */
export interface FlowStatus {
  readonly source: string;
  readonly destination: string;
  /** Of a one-way task that was reversed: the direction that counts; the other one carries late arrivals. */
  readonly primary?: boolean;
  readonly epoch: number;
  readonly counters: Counters;
  readonly queues: number;
  readonly blocked: number;
}

export interface LostSource {
  readonly cluster: string;
  /** ISO 8601: when the failover took over. */
  readonly since: string;
  /** Where its consumer groups stood on the other side by then. */
  readonly placed?: PlacedGroups;
}

export interface ReplicationStatus {
  readonly name: string;
  readonly state: ReplicationState;
  /** `BLOCKED` when a running replication has a blocked queue, else the state: what operators should look at. */
  readonly health: ReplicationState | 'BLOCKED';
  readonly source: string;
  readonly destination: string;
  readonly mode: 'one-way' | 'two-way';
  /** The cluster where the application is served now, once it was moved; the source before. */
  readonly primary?: string;
  /** A failover has moved the application while this cluster was lost; nothing is copied until a failback or `resume`. */
  readonly lost?: LostSource;
  /** Names of the topics that are copied; those that patterns match are among them once they are found. */
  readonly topics: readonly string[];
  /** What it runs with now, every default filled in. */
  readonly input: ReplicationInput;
  readonly epoch: number;
  /** Who alone may command it now, if somebody does; see `hold`. */
  readonly heldBy?: string;
  /** Why it is in this state, where somebody said so. */
  readonly reason?: string;
  readonly blocked: readonly BlockedQueue[];
  /** Of all flows. */
  readonly counters: Counters;
  /** Where there are two. */
  readonly flows?: readonly FlowStatus[];
  readonly shards: readonly ShardStatus[];
  /** Problems that are being retried, such as an unreachable cluster: the newest of each kind. */
  readonly troubles: readonly string[];
  /** Topics that a pattern matches and that cannot be copied: a sentence each. */
  readonly leftOut: readonly string[];
  /** The last commands that could not be carried out or understood. */
  readonly refusals: readonly string[];
  readonly startedAt: string;
}

/** What a replication that was stopped returns. */
export interface ReplicationResult {
  readonly state: 'STOPPED';
  readonly reason?: string;
  readonly counters: Counters;
  readonly blocked: readonly BlockedQueue[];
}

/** Signal `pumpReport`: sent by a pump when a queue blocks or is free again, and at most once a minute as a summary. */
export const PUMP_REPORT = 'pumpReport';
export interface PumpReport {
  /** The cluster that the pump reads; left out by pumps of 0.1. */
  readonly source?: string | undefined;
  readonly shard: number;
  /** `pumpId` of the pump's run and activity, so that a late report of an earlier pump is known. */
  readonly pump: string;
  /** All queues of the shard that are blocked now. */
  readonly blocked: readonly BlockedQueue[];
  /** `queueKey` of those that an earlier pump told to be blocked, and of which this one knows nothing yet: they are as they were told to be. */
  readonly unseen?: readonly string[];
  /** Growth since the pump's last report. */
  readonly counters: Counters;
  /** Copies that were found a second time since the pump's last report. */
  readonly repeats?: readonly RepeatedCopies[];
  /** Next source offset by `queueKey`; left out for shards of more than 256 queues. */
  readonly next?: Readonly<Record<string, number>>;
  /** What is wrong now and being retried; empty when nothing is. */
  readonly troubles: readonly string[];
}

/** `count` messages that the destination log holds a second time, from destination offset `offset` on. `broker`, `queue`: of the source. */
export interface RepeatedCopies {
  readonly topic: string;
  readonly broker: string;
  readonly queue: number;
  readonly offset: number;
  readonly count: number;
}

/** Names a pump: its activity within a run of its workflow. */
export function pumpId(runId: string, activityId: string): string {
  return `${runId}/${activityId}`;
}

export const NO_COUNTERS: Counters = {
  copied: 0,
  bytes: 0,
  loopSkipped: 0,
  gapSkipped: 0,
  quarantined: 0,
  repeated: 0,
  settled: 0,
};

/** A pump of an earlier release does not count everything. */
export function addCounters(a: Counters, b: Partial<Counters>): Counters {
  return {
    copied: a.copied + (b.copied ?? 0),
    bytes: a.bytes + (b.bytes ?? 0),
    loopSkipped: a.loopSkipped + (b.loopSkipped ?? 0),
    gapSkipped: a.gapSkipped + (b.gapSkipped ?? 0),
    quarantined: a.quarantined + (b.quarantined ?? 0),
    repeated: a.repeated + (b.repeated ?? 0),
    settled: a.settled + (b.settled ?? 0),
  };
}
