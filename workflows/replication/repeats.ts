import type { RepeatedCopies } from '../../src/replication/messages.ts';
import { queueKey } from '../../src/replication/queue-map.ts';
import { putLast, type FlowState } from './flow-state.ts';

/** Destination offsets of copies that were counted as repeated: from, and until (exclusive). */
export type CountedRun = readonly [from: number, until: number];

/** Of one queue; repeated copies are so rare that older ones are not found again. */
const LAST_RUNS = 16;

/**
 * Counts repeated copies once, however often they are told: a pump that comes after a crash finds again what the one before it had
 * reported already.
 */
export function countRepeats(flow: FlowState, told: readonly RepeatedCopies[] = []): void {
  for (const { topic, broker, queue, offset, count } of told) {
    const key = queueKey({ topic, broker, id: queue });
    const before = flow.repeats[key] ?? [];
    const after = withRun(before, [offset, offset + count]);
    const { counters } = flow;
    flow.counters = { ...counters, repeated: counters.repeated + messages(after) - messages(before) };
    putLast(flow.repeats, key, after.slice(-LAST_RUNS));
  }
}

/** The runs and this one, as one where they touch. */
function withRun(runs: readonly CountedRun[], [from, until]: CountedRun): CountedRun[] {
  const touching = runs.filter((run) => run[0] <= until && run[1] >= from);
  const apart = runs.filter((run) => !touching.includes(run));
  const merged = [Math.min(from, ...touching.map((run) => run[0])), Math.max(until, ...touching.map((run) => run[1]))];
  return [...apart, merged as [number, number]];
}

function messages(runs: readonly CountedRun[]): number {
  return runs.reduce((sum, [from, until]) => sum + until - from, 0);
}
