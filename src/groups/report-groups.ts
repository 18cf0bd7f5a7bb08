import { inParallel } from '../pump/prepare/in-parallel.ts';
import type { GroupProgress, GroupQueueProgress, GroupsReport } from '../replication/group-progress.ts';
import { sourceKey, sourceQueue } from '../replication/queue-map.ts';
import { queueKey, type Cluster, type Queue } from '../transport/types.ts';
import type { GroupLook, GroupRow, GroupSlot } from './group-look.ts';

/** How much of a report is kept; the rest is counted. */
export interface ReportLimits {
  readonly groups: number;
  /** Not fewer than groups: one of each is kept, so that a group without any is known to have nothing to do with the topics. */
  readonly queues: number;
}

/** Groups in trouble come first, then those that are disabled. A report rides in history, once a minute. */
export const REPORT_LIMITS: ReportLimits = { groups: 200, queues: 200 };

const UNKNOWN: ReadonlyMap<string, number> = new Map();

export type GroupsFound = Pick<GroupsReport, 'groups' | 'more'>;

/**
 * What is told of groups: where they stand in each queue, with the lags as of now where the clusters tell how far their queues go.
 * @param syncedAt ISO 8601 time by group
 */
export async function describeGroups(
  looks: readonly GroupLook[],
  syncedAt: ReadonlyMap<string, string>,
  clusters: { readonly source: Cluster; readonly destination: Cluster },
  limits: ReportLimits,
): Promise<GroupsFound> {
  const shown = [...looks].sort((a, b) => rank(a) - rank(b)).slice(0, limits.groups);
  let spare = limits.queues - shown.length;
  let moreQueues = 0;
  const rows = shown.map((look) => {
    const all = look.slots.flatMap((slot) => slot.rows.map((row) => ({ slot, row })));
    const taken = all.slice(0, 1 + spare);
    spare -= Math.max(0, taken.length - 1);
    moreQueues += all.length - taken.length;
    return { look, taken };
  });
  const all = rows.flatMap(({ taken }) => taken);
  const [onSource, onDestination] = await Promise.all([
    ends(
      clusters.source,
      all.map(({ row }) => sourceQueue(row.queue)),
    ).catch(() => UNKNOWN),
    ends(
      clusters.destination,
      all.map(({ slot }) => slot.to),
    ).catch(() => UNKNOWN),
  ]);
  const retries = await inParallel(shown, (look) => waitingRetries(clusters.source, look).catch(() => undefined));
  const groups = rows.map(({ look, taken }, index): GroupProgress => {
    const waiting = retries[index];
    const at = syncedAt.get(look.group);
    return {
      group: look.group,
      ...(look.problem !== undefined && { problem: look.problem }),
      ...(at !== undefined && { syncedAt: at }),
      ...(look.isDisabled && { disabled: true }),
      ...(waiting !== undefined && { retries: waiting }),
      queues: taken.map(({ slot, row }) => describeRow(slot, row, onSource, onDestination)),
    };
  });
  return { groups, more: { groups: looks.length - shown.length, queues: moreQueues } };
}

/** @throws TransportError */
async function waitingRetries({ admin }: Cluster, { retries }: GroupLook): Promise<number> {
  let waiting = 0;
  for (const { queue, offset = 0 } of retries) {
    const { min, max } = await admin.range(queue);
    waiting += Math.max(0, max - Math.max(min, offset));
  }
  return waiting;
}

function rank({ problem, isDisabled }: GroupLook): number {
  if (problem !== undefined) return 0;
  return isDisabled ? 1 : 2;
}

function describeRow(
  { to, rows, translated, repeated, destination }: GroupSlot,
  row: GroupRow,
  onSource: ReadonlyMap<string, number>,
  onDestination: ReadonlyMap<string, number>,
): GroupQueueProgress {
  const { source } = row;
  const { topic, from } = row.queue;
  const sourceEnd = onSource.get(sourceKey(row.queue));
  const destinationEnd = onDestination.get(queueKey(to));
  return {
    ...{ topic, ...from, to: { broker: to.broker, queue: to.id } },
    ...(source !== undefined && { source }),
    ...(source !== undefined && sourceEnd !== undefined && { sourceLag: Math.max(0, sourceEnd - source) }),
    ...(translated !== undefined && { translated }),
    ...(repeated > 0 && row === rows[0] && { repeated }),
    ...(destination !== undefined && { destination }),
    ...(destination !== undefined &&
      destinationEnd !== undefined && { destinationLag: Math.max(0, destinationEnd - destination) }),
  };
}

/** Next offsets that will be written, by `queueKey`. @throws TransportError */
async function ends({ admin }: Cluster, queues: readonly Queue[]): Promise<ReadonlyMap<string, number>> {
  const distinct = [...new Map(queues.map((queue) => [queueKey(queue), queue])).values()];
  const ranges = await inParallel(
    distinct,
    async (queue) => [queueKey(queue), (await admin.range(queue)).max] as const,
  );
  return new Map(ranges);
}
