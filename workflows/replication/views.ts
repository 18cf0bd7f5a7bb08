import type {
  PositionsPage,
  QueuePosition,
  ReplicationResult,
  ReplicationState,
  ReplicationStatus,
} from '../../src/replication/messages.ts';
import { isPattern } from '../../src/replication/topic-pattern.ts';
import { countQueues, mappedQueues, sourceKey } from '../../src/replication/queue-map.ts';
import { blockedQueues, type Task } from './task.ts';

/** What a replication says about itself. */

const PAGE = 500;

export function healthOf(task: Task): ReplicationState | 'BLOCKED' {
  return task.state === 'RUNNING' && task.shards.some(({ blocked }) => blocked.length > 0) ? 'BLOCKED' : task.state;
}

export function statusOf(task: Task): ReplicationStatus {
  const { name, input, state, reason, epoch, counters, leftOut, refusals, startedAt } = task;
  return {
    name,
    state,
    health: healthOf(task),
    source: input.source,
    destination: input.destination,
    mode: input.mode,
    topics: [...new Set([...input.topics.filter((topic) => !isPattern(topic)), ...task.map.map(({ topic }) => topic)])],
    input,
    epoch,
    ...(reason !== undefined && { reason }),
    blocked: blockedQueues(task),
    counters,
    shards: task.shards.map(({ queues, pump, lastReport }, shard) => ({
      shard,
      queues: countQueues(queues),
      running: pump !== undefined,
      ...(lastReport !== undefined && { lastReport }),
    })),
    troubles: [...new Set([...task.troubles, ...task.shards.flatMap(({ troubles }) => troubles)])],
    leftOut: leftOut.map(({ reason: why }) => why),
    refusals,
    startedAt,
  };
}

/** Positions of `PAGE` queues, in the order of the map, from the one numbered `from` on. */
export function positionsOf(task: Task, from: number): PositionsPage {
  const positions: QueuePosition[] = [];
  let index = 0;
  for (const { queues, next, lastReport } of task.shards)
    for (const queue of mappedQueues(queues)) {
      if (index++ < from) continue;
      if (positions.length === PAGE) return { positions, next: from + PAGE };
      const offset = next[sourceKey(queue)];
      positions.push({
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
  const { reason, counters } = task;
  return { state: 'STOPPED', ...(reason !== undefined && { reason }), counters, blocked: blockedQueues(task) };
}

/** Markdown, for the Temporal UI. */
export function detailsOf(task: Task): string {
  const { input, counters, reason } = task;
  const { blocked, troubles, leftOut, refusals } = statusOf(task);
  const lines = [
    `**${healthOf(task)}**${reason === undefined ? '' : ` (${reason})`}`,
    `\`${input.source}\` to \`${input.destination}\`: ${input.topics.map((topic) => `\`${topic}\``).join(', ')}`,
    `${counters.copied} messages copied (${counters.bytes} bytes), ${countQueues(task.map)} queues in ${task.shards.length} shards, epoch ${task.epoch}`,
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

const LONGEST_LIST = 10;

function list(lines: string[], title: string, entries: readonly string[]): void {
  if (entries.length === 0) return;
  const more = entries.length > LONGEST_LIST ? [`- and ${entries.length - LONGEST_LIST} more`] : [];
  lines.push(`${title}:`, [...entries.slice(-LONGEST_LIST).map((entry) => `- ${entry}`), ...more].join('\n'));
}
