import type { CopySource } from '../replication/provenance.ts';
import type { Destination, OffsetSource, Queue } from '../transport/types.ts';
import { findNewestCopy, scanCopies, type CopyPlace, type NewestCopy, type RepeatedRun } from './newest-copy.ts';
import type { ByteBudget } from './byte-budget.ts';
import { NoMaster, QueueBlocked } from './problems.ts';
import { readMessage } from './read-messages.ts';
import { pause } from './time.ts';

const REBUILD_MS = 10_000;

/** One source queue and where it is copied to. */
export interface Route {
  readonly from: Queue;
  readonly to: Queue;
  readonly source: CopySource;
  /** The flow's group, under which both checkpoints are kept. */
  readonly group: string;
  /** Where the destination's checkpoint is kept: `to`, or a queue number of its own where several source queues share `to`. */
  readonly checkpoint: Queue;
  /**
   * Where the destination keeps that it has lost copies of this generation: what is committed there is one more than the source offset of the first copy
   * behind the hole, and nothing or 0 while none is known to be lost.
   */
  readonly lossMark: Queue;
  /** Where copying starts if nothing was ever copied. */
  readonly start: number | undefined;
  /** Below this source offset nothing is to be copied any more. */
  readonly skipTo: number;
}

/**
 * Of the source's checkpoint: `right`: it has passed no copy that is lost; `wrong`: it has, and none is left; `doubtful`: it may have, because the
 * newest copy is not the one that was known to be, or because the queue holds nothing and never did, or was created anew.
 */
export type Trust = 'right' | 'doubtful' | 'wrong';

/** What is known of the destination log. */
export interface Evidence {
  readonly newest: NewestCopy | undefined;
  readonly sourceCheckpoint: Trust;
  /** Destination offset up to which (exclusive) the log has been read or written by this pump. */
  readonly end: number;
}

export interface ReadBack extends Evidence {
  readonly repeated: readonly RepeatedRun[];
  /** Somebody else writes into this queue as well. */
  readonly shared: boolean;
}

/**
 * Reads back what the destination holds, after everything stored there can be read. What this pump knew before shortens the
 * reading; the log decides. No send of this queue may be under way.
 */
export async function readBack(
  destination: Destination,
  route: Route,
  budget: ByteBudget,
  signal: AbortSignal,
  known?: Evidence,
): Promise<ReadBack> {
  await destination.dispatched(route.to.broker);
  const place = copyPlace(destination, route, budget, signal);
  const { max } = await destination.range(route.to);
  if (known && known.end <= max && (await stillHolds(place, known.newest))) {
    const scan = await scanCopies(place, known.end, max, known.newest?.sourceOffset);
    const newest = scan.newest ?? known.newest;
    const sourceCheckpoint = scan.newest ? 'doubtful' : known.sourceCheckpoint;
    return { newest, sourceCheckpoint, end: max, repeated: scan.repeated, shared: scan.others > 0 };
  }
  const checkpoint = await destination.committed(route.group, route.checkpoint);
  const { newest, older, repeated, others } = await findNewestCopy(place, checkpoint);
  const evidence = { newest, end: max, repeated, shared: others > 0 };
  if (newest) return { ...evidence, sourceCheckpoint: newest.offset === checkpoint ? 'right' : 'doubtful' };
  if (older === 0 && (await isLost(place, known?.newest?.offset ?? checkpoint, max)))
    return { ...evidence, sourceCheckpoint: 'wrong' };
  return { ...evidence, sourceCheckpoint: max === 0 ? 'doubtful' : 'right' };
}

export function copyPlace(
  destination: Destination,
  { to, source }: Route,
  budget: ByteBudget,
  signal?: AbortSignal,
): CopyPlace {
  return { reader: destination, queue: to, source, budget, signal };
}

/**
 * Whether a copy that stood there is gone, but not by retention: the queue ends before it, or holds something else there. Where the queue begins
 * says nothing: a 4.x broker answers an offset that has expired once everything has. A committed 0 is no evidence: some brokers answer it for
 * groups that never committed.
 */
async function isLost({ reader, queue }: CopyPlace, copy: number | undefined, end: number): Promise<boolean> {
  if (copy === undefined || copy === 0) return false;
  return copy >= end || (await readMessage(reader, queue, copy)) !== undefined;
}

/** Whether the newest copy that this pump knew of is still there: a broker that was replaced by its slave may have lost it. */
async function stillHolds(place: CopyPlace, newest: NewestCopy | undefined): Promise<boolean> {
  if (!newest) return true;
  const found = await scanCopies(place, newest.offset, newest.offset + 1);
  return found.newest?.sourceOffset === newest.sourceOffset;
}

/**
 * The source offset at which copying goes on: behind the newest copy, whatever a checkpoint says; without any copy at the
 * source's checkpoint, unless that has passed copies which are lost; without that where the replication starts (R4, R5). A committed 0 is no
 * evidence: some brokers answer it for groups that never committed.
 */
export async function nextOffset(
  source: OffsetSource,
  route: Route,
  { newest, sourceCheckpoint }: Pick<Evidence, 'newest' | 'sourceCheckpoint'>,
  until: AbortSignal,
): Promise<number> {
  const next = newest ? newest.sourceOffset + 1 : await startOffset(source, route, sourceCheckpoint);
  const { min, max } = await checkSourceHolds(source, route, next, until);
  if (route.skipTo > max)
    throw new QueueBlocked(
      'gap',
      next,
      `skip-gap said to go on at source offset ${route.skipTo}, but the source queue ends at ${max}; say a lower offset`,
    );
  const isBelieved = newest ? sourceCheckpoint === 'right' : sourceCheckpoint !== 'wrong';
  const isPassed = isBelieved && next < min && (await isPassedOver(source, route, min));
  return Math.max(isPassed ? min : next, route.skipTo);
}

/**
 * Behind the newest copy, or from the start on, the source may have held nothing but what is not copied (R7), for so long that it was removed: that is
 * no gap. The checkpoint says so, but is believed only where no copy is lost that the last pump knew of.
 */
async function isPassedOver(source: OffsetSource, { group, from }: Route, min: number): Promise<boolean> {
  return ((await source.committed(group, from)) ?? 0) >= min;
}

/**
 * A broker that has just restarted may still be rebuilding the end of its queues; a queue that stays too short has lost messages.
 * Returns where the queue begins and ends.
 */
async function checkSourceHolds(
  source: OffsetSource,
  { from, skipTo }: Route,
  next: number,
  until: AbortSignal,
): Promise<{ min: number; max: number }> {
  const deadline = performance.now() + REBUILD_MS;
  for (;;) {
    const { min, max, isOfSlave } = await source.range(from);
    if (isOfSlave && Math.max(next, skipTo) > max) throw new NoMaster(from, Math.max(next, skipTo), max);
    if (next <= max) return { min, max };
    if (performance.now() > deadline)
      throw new QueueBlocked(
        'history',
        next,
        `copying stands at source offset ${next}, but the source queue ends at ${max}: it was cut off or recreated`,
      );
    await pause(500, until);
    until.throwIfAborted();
  }
}

async function startOffset(
  source: OffsetSource,
  { from, group, start, skipTo }: Route,
  sourceCheckpoint: Trust,
): Promise<number> {
  if (sourceCheckpoint !== 'right' && start !== undefined) return start;
  const committed = await source.committed(group, from);
  const offset = committed === undefined || committed === 0 ? (start ?? committed) : committed;
  if (offset !== undefined) return offset;
  if (skipTo > 0) return skipTo;
  throw new QueueBlocked(
    'gap',
    0,
    'there is no copy, no checkpoint and no start offset for this queue; say with skip-gap and an offset where to go on',
  );
}
