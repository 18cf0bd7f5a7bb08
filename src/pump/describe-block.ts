import type { BlockedQueue } from '../replication/messages.ts';
import type { OffsetSource } from '../transport/types.ts';
import { findDivergence } from './history-check.ts';
import { findNewestCopy, type CopyPlace, type NewestCopy } from './newest-copy.ts';
import { CopiesLost, NewerGeneration, QueueBlocked } from './problems.ts';
import type { Route } from './read-back.ts';

export interface BlockContext {
  readonly source: OffsetSource;
  readonly route: Route;
  readonly place: CopyPlace;
  readonly newest: NewestCopy | undefined;
}

/** What the replication is told of a queue whose copying cannot go on until an operator decides. Reads only, and never fails. */
export async function describeBlock(
  problem: QueueBlocked | NewerGeneration,
  context: BlockContext,
): Promise<BlockedQueue> {
  const { topic, broker, id } = context.route.from;
  const told = problem instanceof QueueBlocked ? await ofQueue(problem, context) : await ofGeneration(problem, context);
  return { topic, broker, queue: id, ...told, since: new Date().toISOString() };
}

type Told = Omit<BlockedQueue, 'topic' | 'broker' | 'queue' | 'since'>;

async function ofQueue(problem: QueueBlocked, context: BlockContext): Promise<Told> {
  const { kind, at, message } = problem;
  const changed = kind === 'history' && !(problem instanceof CopiesLost);
  const to = changed ? await divergence(context) : problem.to;
  const hint = changed ? acceptHistoryHint(to) : kind === 'poison' ? poisonHint(at) : undefined;
  return { kind, reason: hint === undefined ? message : `${message}; ${hint}`, at, ...(to !== undefined && { to }) };
}

/** The copies count as they are: an operator decides from where on the source's messages are to follow them. */
async function ofGeneration(problem: NewerGeneration, context: BlockContext): Promise<Told> {
  const { place } = context;
  const { generation, newest } = await newestGeneration(problem, place);
  const to =
    newest && (await divergence({ ...context, place: { ...place, source: { ...place.source, generation } }, newest }));
  return {
    kind: 'history',
    reason: `${problem.message}; ${acceptHistoryHint(to)}`,
    at: newest ? newest.sourceOffset + 1 : 0,
    generation,
    ...(to !== undefined && { to }),
  };
}

/** Nobody knows how many generations there were. */
async function newestGeneration(
  { found: generation }: NewerGeneration,
  place: CopyPlace,
): Promise<{ generation: number; newest: NewestCopy | undefined }> {
  try {
    return { generation, newest: (await findNewestCopy({ ...place, source: { ...place.source, generation } })).newest };
  } catch (error) {
    if (error instanceof NewerGeneration) return await newestGeneration(error, place);
    return { generation, newest: undefined };
  }
}

/** Where copying would have to go on if the source's new history counts; `undefined` where that cannot be found out now. */
async function divergence({ source, route, place, newest }: BlockContext): Promise<number | undefined> {
  try {
    if (!newest) return (await source.range(route.from)).min;
    return await findDivergence(source, route.from, place, newest);
  } catch {
    return undefined;
  }
}

function acceptHistoryHint(to: number | undefined): string {
  return to === undefined
    ? 'say with accept-history and an offset where to go on'
    : `accept-history goes on at source offset ${to}, the first one that differs from what was copied`;
}

function poisonHint(at: number): string {
  return `redrive tries again once it can be copied, skip-gap to ${at + 1} passes over it`;
}
