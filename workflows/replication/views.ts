import {
  addCounters,
  NO_COUNTERS,
  type BlockedQueue,
  type Counters,
  type FlowStatus,
  type PositionsPage,
  type QueuePosition,
  type ReplicationResult,
  type ReplicationState,
  type ReplicationStatus,
} from '../../src/replication/messages.ts';
import { isPattern } from '../../src/replication/topic-pattern.ts';
import { countQueues, mappedQueues, sourceKey } from '../../src/replication/queue-map.ts';
import { blockedQueues, type FlowState } from './flow-state.ts';
import type { Task } from './task.ts';

/** What a replication says about itself. */

const PAGE = 500;

export function healthOf(task: Task): ReplicationState | 'BLOCKED' {
  return task.state === 'RUNNING' && allBlocked(task).length > 0 ? 'BLOCKED' : task.state;
}

export function statusOf(task: Task): ReplicationStatus {
  const { name, input, state, reason, flows, refusals, startedAt } = task;
  const copied = flows.flatMap(({ map }) => map.map(({ topic }) => topic));
  return {
    name,
    state,
    health: healthOf(task),
    source: input.source,
    destination: input.destination,
    mode: input.mode,
    ...(task.primary !== undefined && { primary: task.primary }),
    ...(task.lost && { lost: task.lost }),
    topics: [...new Set([...input.topics.filter((topic) => !isPattern(topic)), ...copied])],
    input,
    epoch: flows[0]!.epoch,
    ...(task.hold && { heldBy: task.hold.by }),
    ...(reason !== undefined && { reason }),
    blocked: allBlocked(task),
    counters: allCounters(task),
    ...(flows.length > 1 && { flows: flows.map((flow) => flowStatus(task, flow)) }),
    shards: flows.flatMap((flow) =>
      flow.shards.map(({ queues, pump, lastReport }, shard) => ({
        ...sourceOf(task, flow),
        shard,
        queues: countQueues(queues),
        running: pump !== undefined,
        ...(lastReport !== undefined && { lastReport }),
      })),
    ),
    troubles: [...new Set(flows.flatMap(troublesOf))],
    leftOut: flows.flatMap(({ leftOut }) => leftOut.map(({ reason: why }) => why)),
    refusals,
    startedAt,
  };
}

function flowStatus({ primary, input }: Task, flow: FlowState): FlowStatus {
  const { source, destination, epoch, counters, map } = flow;
  return {
    source,
    destination,
    ...(input.mode === 'one-way' && { primary: source === (primary ?? input.source) }),
    epoch,
    counters,
    queues: countQueues(map),
    blocked: blockedQueues(flow).length,
  };
}

/** Tells the flows apart, where there are two. */
function sourceOf({ flows }: Task, { source }: FlowState): { source?: string } {
  return flows.length > 1 ? { source } : {};
}

function troublesOf({ troubles, journalTroubles = [], groupTroubles = [], shards }: FlowState): string[] {
  return [...troubles, ...journalTroubles, ...groupTroubles, ...shards.flatMap((shard) => shard.troubles)];
}

function allBlocked(task: Task): BlockedQueue[] {
  return task.flows.flatMap((flow) => blockedQueues(flow).map((blocked) => ({ ...sourceOf(task, flow), ...blocked })));
}

function allCounters({ flows }: Task): Counters {
  return flows.reduce((sum, { counters }) => addCounters(sum, counters), NO_COUNTERS);
}

/** Positions of `PAGE` queues, in the order of the map, from the one numbered `from` on. */
export function positionsOf(task: Task, from: number): PositionsPage {
  const positions: QueuePosition[] = [];
  let index = 0;
  const shards = task.flows.flatMap((flow) => flow.shards.map((shard) => ({ ...shard, of: sourceOf(task, flow) })));
  for (const { queues, next, lastReport, of } of shards)
    for (const queue of mappedQueues(queues)) {
      if (index++ < from) continue;
      if (positions.length === PAGE) return { positions, next: from + PAGE };
      const offset = next[sourceKey(queue)];
      positions.push({
        ...of,
        topic: queue.topic,
        broker: queue.from.broker,
        queue: queue.from.queue,
        to: queue.to,
        ...(offset !== undefined && lastReport !== undefined && { next: offset, asOf: lastReport }),
      });
    }
  return { positions };
}

export function resultOf(task: Task): ReplicationResult {
  const { reason } = task;
  return {
    state: 'STOPPED',
    ...(reason !== undefined && { reason }),
    counters: allCounters(task),
    blocked: allBlocked(task),
  };
}

/** Markdown, for the Temporal UI. */
export function detailsOf(task: Task): string {
  const { input, flows, reason } = task;
  const { blocked, counters, troubles, leftOut, refusals } = statusOf(task);
  const queues = countQueues(flows.flatMap(({ map }) => map));
  const shards = flows.flatMap((flow) => flow.shards).length;
  const lines = [
    `**${healthOf(task)}**${reason === undefined ? '' : ` (${reason})`}`,
    `\`${input.source}\` ${flows.length > 1 ? 'and' : 'to'} \`${input.destination}\`: ${input.topics.map((topic) => `\`${topic}\``).join(', ')}`,
    `${counters.copied} messages copied (${counters.bytes} bytes), ${queues} queues in ${shards} shards, epoch ${flows[0]!.epoch}`,
    ...(flows.length > 1 ? flows.map(flowText) : []),
  ];
  list(
    lines,
    'Blocked',
    blocked.map((queue) => `\`${queue.topic}\` queue ${queue.queue} on \`${queue.broker}\`: ${queue.reason}`),
  );
  list(lines, 'Being retried', troubles);
  list(lines, 'Left out', leftOut);
  list(lines, 'Refused', refusals);
  return lines.join('\n\n');
}

function flowText({ source, destination, counters }: FlowState): string {
  return `\`${source}\` to \`${destination}\`: ${counters.copied} copied, ${counters.loopSkipped} left out because they came from there`;
}

const LONGEST_LIST = 10;

function list(lines: string[], title: string, entries: readonly string[]): void {
  if (entries.length === 0) return;
  const more = entries.length > LONGEST_LIST ? [`- and ${entries.length - LONGEST_LIST} more`] : [];
  lines.push(`${title}:`, [...entries.slice(-LONGEST_LIST).map((entry) => `- ${entry}`), ...more].join('\n'));
}
