import type { LeftOut } from '../../activities/types.ts';
import type { ReplicationInput } from '../../src/replication/input.ts';
import {
  NO_COUNTERS,
  type Asked,
  type AuditEntry,
  type BlockedQueue,
  type CommandAnswer,
  type CommandName,
  type Counters,
  type ReplicationState,
} from '../../src/replication/messages.ts';
import {
  mappedQueues,
  queueKey,
  shardQueues,
  sourceKey,
  type QueueHistory,
  type QueueRange,
} from '../../src/replication/queue-map.ts';
import type { CountedRun } from './repeats.ts';

/** What a replication knows. Everything but `shards` and `troubles` is carried over when the workflow continues as new. */
export interface Task {
  readonly name: string;
  /** As of the last `updateConfig` or `rescale`. */
  input: ReplicationInput;
  /** ISO 8601; of the first run. */
  readonly startedAt: string;
  state: ReplicationState;
  /** Why it is in this state, where somebody said so. */
  reason?: string;
  epoch: number;
  /** See `FlowKnowledge`. */
  revision: number;
  /** Clusters, topics and start offsets are checked and in place; copying can begin. */
  prepared: boolean;
  /** It was prepared before: what turns up on the source from then on appeared while it was under way. */
  begun: boolean;
  map: readonly QueueRange[];
  /** See `Prepared.starts`. */
  starts: Readonly<Record<string, number>>;
  /** See `Prepared.leftOut`. */
  leftOut: readonly LeftOut[];
  /** See `PumpInput.skips`. */
  skips: Record<string, number>;
  /** See `PumpInput.histories`. */
  histories: Record<string, QueueHistory>;
  /** What was counted as repeated, by `queueKey`. */
  repeats: Record<string, readonly CountedRun[]>;
  shards: Shard[];
  counters: Counters;
  /** What keeps `prepare` from succeeding. */
  troubles: readonly string[];
  audit: AuditEntry[];
  refusals: string[];
  /** Answers by operation, so that the same operation is carried out only once. */
  answers: Answered[];
  /** How many pumps and operations were begun, so that each has a name of its own. */
  pumpsBegun: number;
  operationsBegun: number;
}

export interface Shard {
  queues: readonly QueueRange[];
  /** `pumpId` of the pump at work; absent while none is. */
  pump?: string;
  blocked: readonly BlockedQueue[];
  troubles: readonly string[];
  /** Next source offset by `queueKey`, as far as the pumps told. */
  next: Record<string, number>;
  lastReport?: string;
  /** When its pump was last moved to another worker. ms since 1970 */
  movedAt?: number;
}

export interface Answered {
  readonly operationId: string;
  readonly command: CommandName;
  readonly answer: CommandAnswer;
}

const LAST_DECISIONS = 200;
const LAST_REFUSALS = 20;

export function newTask(name: string, input: ReplicationInput, now: string): Task {
  return {
    name,
    input,
    startedAt: now,
    state: 'STARTING',
    epoch: 1,
    revision: 0,
    prepared: false,
    begun: false,
    map: [],
    starts: {},
    leftOut: [],
    skips: {},
    histories: {},
    repeats: {},
    shards: [],
    counters: NO_COUNTERS,
    troubles: [],
    audit: [],
    refusals: [],
    answers: [],
    pumpsBegun: 0,
    operationsBegun: 0,
  };
}

export function enter(task: Task, state: ReplicationState, reason?: string): void {
  task.state = state;
  if (reason === undefined) delete task.reason;
  else task.reason = reason;
}

/** Deals the map out to shards anew. */
export function layShards(task: Task, blocked: readonly BlockedQueue[] = blockedQueues(task)): void {
  task.shards = shardsOf(task, shardQueues(task.map, task.input.parallelism), blocked);
}

/**
 * The shards of these parts. One whose queues stay together as they are stays the same; in a new one queues that are blocked stay so, and
 * stand where they stood, until their pump says otherwise.
 */
export function shardsOf(
  task: Task,
  parts: readonly (readonly QueueRange[])[],
  blocked: readonly BlockedQueue[] = blockedQueues(task),
): Shard[] {
  const next = new Map(task.shards.flatMap((shard) => Object.entries(shard.next)));
  const reports = task.shards.flatMap(({ lastReport }) => lastReport ?? []).sort();
  return parts.map((queues) => {
    const same = task.shards.find((shard) => sameQueues(shard.queues, queues));
    if (same) return same;
    const keys = [...mappedQueues(queues)].map(sourceKey);
    const own = new Set(keys);
    return {
      queues,
      blocked: blocked.filter((queue) => own.has(blockedKey(queue))),
      troubles: [],
      next: Object.fromEntries(keys.flatMap((key) => (next.has(key) ? [[key, next.get(key)!]] : []))),
      ...(reports[0] !== undefined && { lastReport: reports[0] }),
    };
  });
}

export function sameQueues(a: readonly QueueRange[], b: readonly QueueRange[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function blockedQueues(task: Task): BlockedQueue[] {
  return task.shards.flatMap(({ blocked }) => blocked);
}

export function blockedKey({ topic, broker, queue }: BlockedQueue): string {
  return queueKey({ topic, broker, id: queue });
}

/** Keeps the decision for the query `audit`. */
export function record(task: Task, command: string, asked: Asked, result: string, now: string): void {
  const { by, reason, operationId } = asked;
  task.audit.push({
    at: now,
    command,
    ...(by !== undefined && { by }),
    ...(reason !== undefined && { reason }),
    ...(operationId !== undefined && { operationId }),
    result,
  });
  keepLast(task.audit, LAST_DECISIONS);
}

/** Keeps what could not be carried out or understood, for `status` and the audit. */
export function refuse(task: Task, command: string, asked: Asked, why: string, now: string): void {
  task.refusals.push(`${now} ${command}: ${why}`);
  keepLast(task.refusals, LAST_REFUSALS);
  record(task, command, asked, `refused: ${why}`, now);
}

export function remember(task: Task, answered: Answered): void {
  task.answers.push(answered);
  keepLast(task.answers, LAST_DECISIONS);
}

function keepLast(list: unknown[], count: number): void {
  if (list.length > count) list.splice(0, list.length - count);
}
