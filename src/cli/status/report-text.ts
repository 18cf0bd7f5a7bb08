import type { SyncProgress } from '../../replication/group-progress.ts';
import type { Counters, ReplicationStatus } from '../../replication/messages.ts';
import { workflowId } from '../../replication/names.ts';
import type { PumpProgress } from '../../replication/pump-messages.ts';
import { isPausedByTemporal, type PendingActivity } from '../executions.ts';
import { grouped, table } from '../output.ts';
import type { ReplicationReport } from './report.ts';

/** The report for people. */
export function reportText(report: ReplicationReport, eachQueue: boolean): string {
  return [
    headline(report),
    ...(report.failure === undefined ? [] : [`failed: ${report.failure}`]),
    ...(report.status ? statusLines(report.status, report.execution?.activities ?? []) : withoutWorker(report)),
    ...waitingPumps(report),
    '',
    ...lagLines(report, eachQueue),
    ...(report.back
      ? ['', `${report.back.source} -> ${report.back.destination}`, ...lagLines(report.back, eachQueue)]
      : []),
  ].join('\n');
}

function headline({ name, health, source, destination, back, status, execution }: ReplicationReport): string {
  const flow = source === undefined ? '' : `  ${source} ${back ? '<->' : '->'} ${destination}`;
  const since = status?.startedAt ?? execution?.startedAt;
  return `${name}  ${health}${flow}${since === undefined ? '' : `  since ${since}`}`;
}

function statusLines(status: ReplicationStatus, activities: readonly PendingActivity[]): string[] {
  const { name, counters, blocked, leftOut, refusals, heldBy, reason, state, health } = status;
  const lines = [
    `state ${state}${reason === undefined ? '' : `: ${reason}`}${heldBy === undefined ? '' : `, held by ${heldBy}`}`,
    `copied ${countersText(counters)}`,
    ...(status.flows ?? []).map(
      (flow) =>
        `  ${flow.source} -> ${flow.destination}${flow.primary ? ' (primary)' : ''}: ${countersText(flow.counters)}`,
    ),
  ];
  if (health === 'BLOCKED') lines.push('blocked queues (the others are copied on):');
  for (const { source, topic, broker, queue, kind, reason: why, at, since } of blocked)
    lines.push(
      `  ${source === undefined ? '' : `${source}: `}${topic}/${broker}/${queue} at offset ${grouped(at)} since ${since} (${kind}): ${why}`,
    );
  for (const { id } of activities.filter(isPausedByTemporal))
    lines.push(
      `paused by Temporal: ${id} does not copy until temporal activity unpause --workflow-id ${workflowId(name)} --activity-id ${id}`,
    );
  // a pump's heartbeats are fresher than what it has reported
  const troubles = new Set([...status.troubles, ...activities.flatMap(({ progress }) => progress?.troubles ?? [])]);
  for (const trouble of troubles) lines.push(`trouble, being retried: ${trouble}`);
  for (const topic of leftOut) lines.push(`left out: ${topic}`);
  for (const refusal of refusals) lines.push(`refused: ${refusal}`);
  return lines;
}

function countersText({ copied, bytes, gapSkipped, quarantined, loopSkipped, repeated }: Counters): string {
  return (
    `${grouped(copied)} messages, ${grouped(bytes)} bytes` +
    (gapSkipped > 0 ? `, passed over ${grouped(gapSkipped)} source offsets` : '') +
    (quarantined > 0 ? `, put ${grouped(quarantined)} into quarantine` : '') +
    (loopSkipped > 0 ? `, left out ${grouped(loopSkipped)} that came from the destination` : '') +
    (repeated > 0 ? `, REPEATED ${grouped(repeated)}` : '')
  );
}

function withoutWorker({ health, execution }: ReplicationReport): string[] {
  if (health !== 'NO WORKER') return [];
  return [
    'no worker answers; start one with: replicator worker. What Temporal knows without it:',
    ...(execution?.activities ?? []).map(activityLine),
  ];
}

/** The workflow knows which pumps it wants, and not whether a worker has them. */
function waitingPumps({ status, execution }: ReplicationReport): string[] {
  const pumps = (execution?.activities ?? []).filter(({ type }) => type === 'pump');
  const waiting = pumps.filter(({ state }) => state === 'SCHEDULED').length;
  if (!status || waiting === 0) return [];
  return [
    `${waiting} of ${pumps.length} pumps wait for a worker; start one with: replicator worker --role pump (or give it more pumpSlots)`,
  ];
}

function activityLine(activity: PendingActivity): string {
  const { type, state, attempt, lastHeartbeat, lastFailure, progress } = activity;
  return [
    `  ${type} ${isPausedByTemporal(activity) ? 'paused by Temporal' : state}, attempt ${attempt}`,
    ...(lastHeartbeat === undefined ? [] : [`last heartbeat ${lastHeartbeat}`]),
    ...(progress ? [progressText(progress)] : []),
    ...(lastFailure === undefined ? [] : [`last failure: ${lastFailure}`]),
  ].join(', ');
}

function progressText(progress: PumpProgress | SyncProgress): string {
  if ('groups' in progress) return `${progress.groups} groups, ${progress.outOfStep} of them not in step`;
  return `copied ${grouped(progress.copied)}, blocked queues ${progress.blocked}`;
}

function lagLines({ lag, noLag }: Pick<ReplicationReport, 'lag' | 'noLag'>, eachQueue: boolean): string[] {
  if (!lag) return [`lag unknown: ${noLag ?? 'not asked'}`];
  const total = `lag ${grouped(lag.messages)} messages (the checkpoint on the source is up to a second old)`;
  if (eachQueue)
    return [
      table(
        ['TOPIC', 'BROKER', 'QUEUE', 'NEXT', 'MAX', 'LAG'],
        lag.queues.map(({ topic, broker, queue, next = '-', max, lag: behind }) => [
          topic,
          broker,
          queue,
          next,
          max,
          behind,
        ]),
      ),
      total,
    ];
  return [
    table(
      ['TOPIC', 'QUEUES', 'LAG'],
      lag.topics.map(({ topic, queues, lag: behind }) => [
        queues > 0 ? topic : `${topic} (no such topic)`,
        queues,
        behind,
      ]),
    ),
    total,
  ];
}
