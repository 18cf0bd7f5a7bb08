import type { RepeatedCopies } from '../../src/replication/messages.ts';
import { queueKey } from '../../src/replication/queue-map.ts';
import type { Task } from './task.ts';

/** Destination offsets of copies that were counted as repeated: from, and until (exclusive). */
export type CountedRun = readonly [from: number, until: number];

/** Of one queue; repeated copies are so rare that older ones are not found again. */
const LAST_RUNS = 16;

/**
 * Counts repeated copies once, however often they are told: a pump that comes after a crash finds again what the one before it had
 * reported already.
 */
export function countRepeats(task: Task, runs: readonly RepeatedCopies[] = []): void {
  for (const { topic, broker, queue, offset, count } of runs) {
    const key = queueKey({ topic, broker, id: queue });
    const counted = task.repeats[key] ?? [];
    const end = offset + count;
    const known = counted.reduce(
      (sum, [from, until]) => sum + Math.max(0, Math.min(end, until) - Math.max(offset, from)),
      0,
    );
    const repeated = Math.max(0, count - known);
    if (repeated === 0) continue;
    task.counters = { ...task.counters, repeated: task.counters.repeated + repeated };
    task.repeats[key] = [...counted, [offset, end] as const].slice(-LAST_RUNS);
  }
}
