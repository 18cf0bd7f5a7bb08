import type { FlowKnowledge } from '../src/replication/flow-knowledge.ts';
import type { GroupsReport } from '../src/replication/group-progress.ts';
import type { Counters, RedriveResult, RepeatedCopies } from '../src/replication/messages.ts';
import type { Flow } from '../src/replication/names.ts';
import type { QueueHistory, QueueRange } from '../src/replication/queue-map.ts';
import type { Queue } from '../src/transport/types.ts';
import type { ReplicationInput } from '../src/replication/input.ts';

/** What the `prepare` activity needs: what is known so far, and what is wanted. Everything is checked before anything is created. */
export interface PrepareInput extends FlowKnowledge {
  readonly input: ReplicationInput;
  /**
   * Topics that are not in the map appeared while the replication was under way, so all of their messages are to be copied. Otherwise they
   * begin at the replication's `start`.
   */
  readonly discovering: boolean;
}

/** A topic that a pattern matches and that cannot be copied. */
export interface LeftOut {
  readonly topic: string;
  /** A sentence. */
  readonly reason: string;
}

/** What is known then; where a journal knew more than the workflow, it counts. */
export interface Prepared extends Pick<FlowKnowledge, 'map' | 'starts'> {
  /** The first ones, because they ride in workflow state; absent where there are none. */
  readonly leftOut?: readonly LeftOut[];
  /** The task was reversed before: it has a flow back, of which a new workflow does not know yet. */
  readonly goesBack?: true;
  /** These are absent where nothing is journaled. */
  readonly epoch?: number;
  readonly revision?: number;
  readonly histories?: FlowKnowledge['histories'];
  /** See `FlowKnowledge.primary`. */
  readonly primary?: string;
}

export interface PumpInput {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
  readonly epoch: number;
  /** See `FlowKnowledge`. */
  readonly revision: number;
  readonly shard: number;
  /** How many pumps the flow has; 1 if absent. */
  readonly shards?: number;
  readonly queues: readonly QueueRange[];
  /** See `Prepared.starts`; only this shard's. */
  readonly starts: Readonly<Record<string, number>>;
  /** Source offset, by `queueKey`, below which an operator said that nothing is to be copied any more (`skipGap`). */
  readonly skips: Readonly<Record<string, number>>;
  /** Source queues whose history changed, by `queueKey`; see `QueueHistory`. */
  readonly histories?: Readonly<Record<string, QueueHistory>>;
  /** `queueKey` of the source queues that an earlier pump told to be blocked: it is told when they are not any more. */
  readonly blocked?: readonly string[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly onGap: 'block' | 'skip';
  readonly onPoison: 'block' | 'quarantine';
  /** This shard's part of the flow's limits. */
  readonly rateLimit: { readonly bytesPerSecond?: number; readonly messagesPerSecond?: number };
  /** Identity of the worker that has too many pumps: it leaves this one to others, if there are any. */
  readonly notOn?: string;
}

/** What the `redrive` activity needs. */
export interface RedriveInput {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
  /** The queues of the topic to be redriven. */
  readonly queues: readonly QueueRange[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

/** Heartbeat details of a pump, and of a redrive, for `replicator status`. Offsets and counts only. */
export interface PumpProgress {
  readonly holder: number;
  readonly copied: number;
  readonly bytes: number;
  readonly blocked: number;
  /** `queueKey` of the first ones, absent where there are none: a later attempt tells when they are not any more. */
  readonly blockedQueues?: readonly string[];
  readonly troubles: readonly string[];
  /** Said last: its locks are given back, and nothing that it sent can still arrive. */
  readonly atRest?: true;
}

/**
 * How a pump ended: asked to, or at the end of its stint (6 h, so that load is dealt out anew).
 * A pump that cannot go on throws.
 */
export interface PumpResult {
  readonly ended: 'cancelled' | 'stint';
  /** Growth since the last report. */
  readonly counters: Counters;
  /** See `PumpReport.repeats`. */
  readonly repeats?: readonly RepeatedCopies[];
  /** Next source offset by `queueKey`; left out for shards of more than 256 queues. */
  readonly next?: Readonly<Record<string, number>>;
}

/** What a replication watches while it runs. */
export interface WatchInput {
  readonly input: ReplicationInput;
  readonly source: string;
  readonly map: readonly QueueRange[];
  /** Topics that are known to be left out. */
  readonly leftOut: readonly string[];
  /** Activities of pumps that were moved lately, and until when they stay where they are; absent where the pumps are not to be watched. ms since 1970. */
  readonly settled?: Readonly<Record<string, number>>;
}

/** What has to be done; nothing where the watch ended by itself, after some hours. */
export interface Watched {
  /** What is new on the source, a sentence each: `prepare` has something to add. */
  readonly changes: readonly string[];
  /** Pumps of workers that have more than their part, to be restarted elsewhere. */
  readonly surplus: readonly SurplusPump[];
}

export interface SurplusPump {
  readonly activityId: string;
  /** Identity of the worker. */
  readonly worker: string;
}

/** What a replication that is not to be started again leaves behind. */
export interface RetireInput {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
  /** Of which queues were copied. */
  readonly topics: readonly string[];
}

/** A source queue that goes on elsewhere or from elsewhere, because an operator said so. */
export interface RedirectInput {
  /** What is known of the flow then. */
  readonly known: FlowKnowledge;
  readonly queue: Queue;
  /** Source offset at which copying goes on. */
  readonly start: number;
  /** The destination queue, where that changes. */
  readonly to?: Queue;
  /** What becomes of messages that cannot be copied; `block` if absent. */
  readonly onPoison?: ReplicationInput['onPoison'];
}

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

/** Activities on the task queue `replicator`. */
export interface ControlActivities {
  /**
   * Checks clusters, topics and names, creates the missing destination topics and the flow's group, decides the queue map and
   * the start offsets. Idempotent.
   * @throws ApplicationFailure, not retryable, of type `WrongInput` for what an operator must correct
   */
  prepare(input: PrepareInput): Promise<Prepared>;
  /** What is journaled of the flow on its destination and newer than what the workflow knows; `null` where nothing is. Reads only, and nothing of the source. */
  recallFlow(input: Omit<PrepareInput, 'discovering'>): Promise<Prepared | null>;
  /** Looks at the source's topics and at the pumps' workers every 15 s, and resolves when something has to be done. */
  watchTopology(input: WatchInput): Promise<Watched>;
  /**
   * Keeps the offsets of the flow's groups at the destination where the source's mean, twice a second, until it is cancelled or some hours are
   * over. Only one at a time writes. Reports to the workflow by the signal `groupsReport`.
   */
  syncGroups(input: SyncGroupsInput): Promise<void>;
  /** The same once, as the last word: nothing may be copied meanwhile. Idempotent. */
  syncGroupsOnce(input: SyncGroupsInput): Promise<GroupsSummary>;
  /** Removes the flow's consumer group from both clusters. Idempotent. */
  retire(input: RetireInput): Promise<void>;
  /**
   * Copies the messages of a topic that are in quarantine, each once. No pump of the topic's shards is at work meanwhile. Idempotent:
   * a further attempt goes on where the one before it ended.
   */
  redrive(input: RedriveInput): Promise<RedriveResult>;
  /**
   * Makes it durable on both clusters that a queue goes on elsewhere. Its pump must stand still. Idempotent.
   * @throws ApplicationFailure, not retryable, of type `WrongInput` when the destination queue does not exist
   */
  redirect(input: RedirectInput): Promise<void>;
  /**
   * Appends to the journals of both clusters again, before it expires, what must survive Temporal (R12). Idempotent.
   * @returns what keeps a cluster's journal from being renewed; activities of an earlier release say nothing
   */
  journal(known: FlowKnowledge): Promise<readonly string[] | undefined>;
  /** Journals a decision on both clusters, before it counts. Idempotent. */
  journalDecision(known: FlowKnowledge): Promise<void>;
  /**
   * Journals that a flow has a new owner: on the destination, and on the source unless that is lost. Before it what is known by then of the other
   * flow, if that is given. Idempotent.
   */
  raiseEpoch(known: FlowKnowledge, back?: FlowKnowledge): Promise<void>;
  /**
   * Journals where a flow that does not exist yet is to begin (without starts: nowhere), above whatever is journaled of it: on its source, and on its
   * destination unless that is lost. Idempotent.
   */
  journalBack(back: FlowKnowledge): Promise<void>;
  /** Lifts what `temporal activity pause` has done to another activity of the same run. Idempotent. */
  unpause(input: { readonly activityId: string }): Promise<void>;
  /** Names of our search attributes that the worker's namespace accepts. A local activity. */
  usableSearchAttributes(): Promise<readonly string[]>;
}

/** Activities on the task queue `replicator-pump`. */
export interface PumpActivities {
  pump(input: PumpInput): Promise<PumpResult>;
}
