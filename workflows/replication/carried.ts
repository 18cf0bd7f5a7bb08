import type { ReplicationInput } from '../../src/replication/input.ts';
import { NO_COUNTERS, type BlockedQueue } from '../../src/replication/messages.ts';
import { blockedQueues, layShards, newTask, type Task } from './task.ts';

/** Raised when a release carries state that an earlier one would misread. */
const FORMAT = 1;

/** At most this much of a replication is carried to its next run, so that every run starts small. Bytes of JSON. */
export const MAX_CARRIED_BYTES = 256 * 1024;

type Kept = Omit<Task, 'name' | 'input' | 'shards' | 'troubles'>;

/** What a run hands to the next one. */
export interface Carried extends Kept {
  readonly format: number;
  readonly blocked: readonly BlockedQueue[];
}

/**
 * Takes along what the next run needs. Where that is too much, what can be found again goes first: the start offsets (`prepare` is run anew),
 * blocked queues (their pump reports them again), then the oldest answers, decisions and skips.
 */
export function carry(task: Task): Carried {
  const {
    state,
    reason,
    epoch,
    revision,
    prepared,
    begun,
    map,
    starts,
    leftOut,
    skips,
    histories,
    repeats,
    counters,
    startedAt,
    pumpsBegun,
    operationsBegun,
  } = task;
  let carried: Carried = {
    format: FORMAT,
    startedAt,
    state,
    ...(reason !== undefined && { reason }),
    epoch,
    revision,
    prepared,
    begun,
    map,
    starts,
    leftOut,
    skips,
    histories,
    repeats,
    counters,
    audit: [...task.audit],
    refusals: task.refusals,
    answers: [...task.answers],
    pumpsBegun,
    operationsBegun,
    blocked: blockedQueues(task),
  };
  const lighten: (() => boolean)[] = [
    () => {
      const had = Object.keys(carried.starts).length > 0;
      if (had) carried = { ...carried, starts: {}, prepared: false };
      return had;
    },
    () => {
      const had = carried.blocked.length > 0;
      carried = { ...carried, blocked: [] };
      return had;
    },
    () => dropOldest(carried.answers),
    () => dropOldest(carried.audit),
    () => {
      const keys = Object.keys(carried.skips);
      const newest = keys.slice(Math.ceil(keys.length / 2));
      carried = { ...carried, skips: Object.fromEntries(newest.map((key) => [key, carried.skips[key]!])) };
      return keys.length > 0;
    },
  ];
  while (lighten.length > 0 && jsonBytes(carried) > MAX_CARRIED_BYTES) if (!lighten[0]!()) lighten.shift();
  return carried;
}

/** @throws Error for state of a later release: that fails the workflow task, which a worker of that release then does again. */
export function restore(name: string, input: ReplicationInput, carried: Carried): Task {
  const { format, blocked, ...kept } = carried;
  if (format !== FORMAT)
    throw new Error(`the state carried over has format ${format}, this worker reads ${FORMAT}: upgrade this worker`);
  // a run of 0.1 did not count everything
  const counters = { ...NO_COUNTERS, ...kept.counters };
  const task: Task = { ...newTask(name, input, kept.startedAt), ...kept, counters };
  layShards(task, blocked);
  return task;
}

function dropOldest(list: unknown[]): boolean {
  list.splice(0, Math.ceil(list.length / 2));
  return list.length > 0;
}

/** UTF-8 bytes; the sandbox of workflows has a TextEncoder. */
function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
