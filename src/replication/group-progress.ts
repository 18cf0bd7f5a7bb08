/** What is said of consumer groups whose progress a flow copies: to the sync, by it to its workflow, and by the query `groups`. */

import type { Flow } from './names.ts';
import type { QueueHistory, QueuePlace, QueueRange } from './queue-map.ts';

/** The queues of a flow, as progress follows along them. */
export interface CopiedQueues {
  /** The flow's whole map. */
  readonly queues: readonly QueueRange[];
  /** Source queues whose history changed, by `queueKey`; see `QueueHistory`. */
  readonly histories: Readonly<Record<string, QueueHistory>>;
}

/** Of which groups a flow copies the progress, and along which queues. The application is served at its source. */
export interface SyncGroupsInput extends Flow, CopiedQueues {
  /** The flow back, where copies go both ways: then the destination has messages of its own, which groups may have consumed as copies. */
  readonly back?: CopiedQueues;
  /** Names, and patterns in which `*` stands for any text. */
  readonly groups: readonly string[];
  /** Those of them that are moved although consumers are online at the destination. */
  readonly resetOnline: readonly string[];
}

/** Where a group stands in one source queue, and in the queue that it is copied to. Offsets are the next ones to read. */
export interface GroupQueueProgress {
  readonly topic: string;
  readonly broker: string;
  readonly queue: number;
  readonly to: QueuePlace;
  /** Committed on the source; absent where the group has committed nothing, so that the earliest copy is its place. */
  readonly source?: number;
  /** Messages on the source behind it. */
  readonly sourceLag?: number;
  /** The destination offset that means the same as the source's; absent where the group has consumed nothing and has a place already. */
  readonly translated?: number;
  /**
   * Messages that the group has consumed and would see again at `translated`; absent where there are none. At most so many where there are more
   * than 32,768 to look at. Told with the first of the source queues that share the destination queue.
   */
  readonly repeated?: number;
  /** Committed on the destination. */
  readonly destination?: number;
  /** Messages at the destination behind it. */
  readonly destinationLag?: number;
}

export interface GroupProgress {
  readonly group: string;
  /** Why it is not in step, and what to do; absent when it is. */
  readonly problem?: string;
  /** ISO 8601: when it was in step last. */
  readonly syncedAt?: string;
  /** Where its progress comes from, it is disabled on every broker (`consumeEnable=false`). */
  readonly disabled?: boolean;
  /** Messages on the source that wait for another try, at least; they are not copied. Absent where the source does not tell. */
  readonly retries?: number;
  /** The first ones where there are many. */
  readonly queues: readonly GroupQueueProgress[];
}

/** Signal `groupsReport`: sent by the sync of a flow when a group falls out of step or is back, is disabled or enabled, and at most once a minute otherwise. */
export const GROUPS_REPORT = 'groupsReport';
export interface GroupsReport {
  /** `pumpId` of the sync's run and activity, so that a late report of an earlier one is known. */
  readonly sync: string;
  /** ISO 8601. */
  readonly at: string;
  readonly groups: readonly GroupProgress[];
  /** Groups, and queues of those that are shown, that are left out because there are too many. */
  readonly more: { readonly groups: number; readonly queues: number };
  /** What is wrong now and being retried. */
  readonly troubles: readonly string[];
}

/** Heartbeat details of a sync. */
export interface SyncProgress {
  readonly groups: number;
  readonly outOfStep: number;
  /** Sent so far. */
  readonly requests: number;
  readonly troubles: readonly string[];
}

/** What one exact sync has come to; `groups` and their queues are the first ones, those in trouble before the others. */
export interface GroupsSummary extends Pick<GroupsReport, 'groups' | 'more'> {
  readonly total: number;
  readonly outOfStep: number;
  readonly requests: number;
}

/** The answer to the query `groups`. */
export interface GroupsView extends Omit<GroupsReport, 'sync' | 'at'> {
  /** ISO 8601 time of the last report; absent before the first one. */
  readonly at?: string;
  /** The cluster where the groups are served, and the one where their progress follows. */
  readonly source: string;
  readonly destination: string;
  /** A move that was cut short has disabled them where they are served; absent where there are none. */
  readonly fenced?: readonly string[];
}
