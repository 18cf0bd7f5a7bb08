import type { ByteBudget } from '../pump/byte-budget.ts';
import { CopyReader, isBelow } from '../pump/copies.ts';
import type { Queue, QueueReader } from '../transport/types.ts';
import { GroupBoundaries, type GroupBoundary, type GroupPosition } from './group-boundaries.ts';

export type { GroupPosition } from './group-boundaries.ts';

/**
 * - `exact`: a copy that the group has not consumed comes next.
 * - `end`: everything that was copied is consumed, and nothing else is to come but what the group has not consumed.
 * - `ahead`: everything that was copied is consumed, but copying has not come as far as the group: what is missing would be seen again.
 * - `earliest`: the destination holds no copy that the group has consumed, and begins behind the group, or the group has no offset.
 */
export type TranslationKind = 'exact' | 'end' | 'ahead' | 'earliest';

export interface Translation {
  /** The next offset for the group to read in the destination queue. */
  readonly offset: number;
  readonly kind: TranslationKind;
  /** Nothing that is copied later, or that is stored but not readable yet, changes it. */
  readonly isFinal: boolean;
  /**
   * How many messages that the group has consumed stand at `offset` or behind it, and will be seen twice. On one way 0, but for several source
   * queues that share the queue.
   */
  readonly repeated: number;
  /** Sent to the destination's broker for this translation. */
  readonly requests: number;
}

export interface TranslatorOptions {
  /** Of the destination. */
  readonly reader: QueueReader;
  readonly budget: ByteBudget;
  /** Ends what is under way. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Translates positions of groups from source queues to the queues into which they are copied (R10). It remembers where copies stand, so
 * that a group that goes on costs few requests, and one of them shows that what it remembers is still there.
 */
export class Translator {
  readonly #options: TranslatorOptions;
  readonly #boundaries = new GroupBoundaries();

  constructor(options: TranslatorOptions) {
    this.#options = options;
  }

  /**
   * The destination offset before which everything that was copied is consumed, and from which on nothing is, by a group at
   * `offset` of the source queue. Never skips a copy that the group has not consumed. Other messages that stand between the last copy that
   * is consumed and the next one are left to be consumed.
   *
   * Where several source queues are copied to one destination queue all of them are given: then it is the largest offset that skips
   * nothing, and `repeated` tells what it costs.
   *
   * What the destination's broker stored just before may not be readable yet: where the last word counts, await `dispatched` first.
   * @throws TransportError; NewerGeneration; Error where the destination queue is cut off meanwhile. Each may be tried again
   */
  async translate(queue: Queue, positions: readonly GroupPosition[]): Promise<Translation> {
    const readers = positions.map(({ source }) => new CopyReader({ ...this.#options, queue, source }));
    const found: GroupBoundary[] = [];
    for (const [index, position] of positions.entries())
      found.push(await this.#boundaries.find(readers[index]!, queue, position));
    const consumed = Math.max(...found.map(({ before, behind }) => (before ? behind : -1)));
    const waiting = Math.min(...found.map(({ next }) => next?.offset ?? Infinity));
    const end = Math.max(...readers.map((copies) => copies.end));
    const offset = Math.min(consumed < 0 ? end : consumed, waiting);
    let repeated = 0;
    for (const [index, { key, behind }] of found.entries())
      repeated += (await readers[index]!.all(offset, behind)).filter((copy) => isBelow(copy, key)).length;
    const requests = readers.reduce((sum, copies) => sum + copies.requests, 0);
    const kind = kindOf(positions.map((position, index) => kindOfPosition(position, found[index]!)));
    const isFinal = positions.every((position, index) => found[index]!.next ?? isCopiedTo(position, found[index]!));
    return { offset, kind, isFinal, repeated, requests };
  }
}

/** Of several source queues that share the queue. */
export function kindOf(kinds: readonly TranslationKind[]): TranslationKind {
  if (kinds.every((kind) => kind === 'end')) return 'end';
  return kinds.find((kind) => kind === 'ahead') ?? kinds.find((kind) => kind === 'earliest') ?? 'exact';
}

/** Of one source queue. */
export function kindOfPosition(position: GroupPosition, found: GroupBoundary): TranslationKind {
  const { offset, copiedTo = 0 } = position;
  if (offset === undefined) return 'earliest';
  if (found.next) return found.before || found.next.sourceOffset === offset ? 'exact' : 'earliest';
  return offset <= copiedTo || isCopiedTo(position, found) ? 'end' : 'ahead';
}

/** Whether the copies themselves show that everything below the position is copied. */
export function isCopiedTo({ offset = 0, source }: GroupPosition, { before }: GroupBoundary): boolean {
  return before?.generation === source.generation && offset <= before.sourceOffset + 1;
}
