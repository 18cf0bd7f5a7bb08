import type { RedirectInput, RedriveInput, RetireInput } from '../src/replication/flow-changes.ts';
import type { FlowKnowledge } from '../src/replication/flow-knowledge.ts';
import type { GroupsSummary, SyncGroupsInput } from '../src/replication/group-progress.ts';
import type { RedriveResult } from '../src/replication/messages.ts';
import type { Prepared, PrepareInput } from '../src/replication/preparation.ts';
import type { PumpInput, PumpResult } from '../src/replication/pump-messages.ts';
import type { Watched, WatchInput } from '../src/replication/topology.ts';

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
