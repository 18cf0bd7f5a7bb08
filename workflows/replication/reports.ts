import { z } from 'zod';
import { addCounters, type PumpReport } from '../../src/replication/messages.ts';
import type { PumpResult } from '../../src/replication/pump-messages.ts';
import { countRepeats } from './repeats.ts';
import { blockedKey, type FlowState, type Shard } from './flow-state.ts';
import type { Task } from './task.ts';

/** What pumps tell. */

const count = z.number().min(0);
const next = z.record(z.string(), count);

const blockedQueue = z.object({
  topic: z.string(),
  broker: z.string(),
  queue: count,
  kind: z.enum(['gap', 'history', 'poison', 'queue-gone']),
  reason: z.string(),
  at: count,
  to: count.optional(),
  generation: count.optional(),
  since: z.string(),
});

/** Not strict: a pump of a later release may tell more. */
export const pumpReport = z.object({
  source: z.string().optional(),
  shard: z.int().min(0),
  pump: z.string(),
  blocked: z.array(blockedQueue),
  unseen: z.array(z.string()).optional(),
  counters: z.object({
    copied: count,
    bytes: count,
    loopSkipped: count,
    gapSkipped: count,
    // not counted by pumps of 0.1
    quarantined: count.default(0),
    repeated: count,
    settled: count,
  }),
  repeats: z.array(z.object({ topic: z.string(), broker: z.string(), queue: count, offset: count, count })).optional(),
  next: next.optional(),
  troubles: z.array(z.string()),
}) as z.ZodType<PumpReport>;

/**
 * What was copied counts whoever tells it. What stands now (blocked queues, positions, troubles) counts only from the pump at work:
 * a late report of an earlier one would block a queue again that an operator has freed.
 */
export function applyReport(task: Task, report: PumpReport, now: string): void {
  // the pumps of 0.1 had one flow
  const flow = task.flows.find(({ source }) => source === report.source) ?? task.flows[0]!;
  flow.counters = addCounters(flow.counters, report.counters);
  countRepeats(flow, report.repeats);
  const shard = flow.shards.find(({ pump }) => pump === report.pump);
  if (!shard) return;
  const unseen = new Set(report.unseen);
  shard.blocked = [...report.blocked, ...shard.blocked.filter((queue) => unseen.has(blockedKey(queue)))];
  shard.troubles = report.troubles;
  shard.lastReport = now;
  Object.assign(shard.next, report.next);
}

export function applyResult(flow: FlowState, shard: Shard, result: PumpResult, now: string): void {
  flow.counters = addCounters(flow.counters, result.counters);
  countRepeats(flow, result.repeats);
  shard.troubles = [];
  shard.lastReport = now;
  Object.assign(shard.next, result.next);
}
