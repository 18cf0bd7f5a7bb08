import type { MappedQueue } from '../replication/queue-map.ts';
import type { Queue } from '../transport/types.ts';

/** Where a group stands in one source queue. */
export interface GroupRow {
  readonly queue: MappedQueue;
  /** Committed on the source; `undefined` where the group has committed nothing. */
  readonly source: number | undefined;
}

/** Where a group stands in one destination queue, and where it should. */
export interface GroupSlot {
  readonly to: Queue;
  /** The source queues that are copied there; more than one after a remap. */
  readonly rows: readonly GroupRow[];
  /** The destination offset that means the same as the source's; `undefined` where nobody asks for one. */
  readonly translated: number | undefined;
  /** How many messages the group has consumed and would see again if it went on there; see `Translation`. */
  readonly repeated: number;
  /** Copying has not come as far as the group: if it went on there now, what is missing would be consumed again. */
  readonly isAhead: boolean;
  /** Committed on the destination. */
  readonly destination: number | undefined;
}

/** A queue of a group's retry topics. */
export interface GroupRetry {
  readonly queue: Queue;
  /** Committed; `undefined` where the group has committed nothing. */
  readonly offset: number | undefined;
  /** It could be copied, but is not yet: it has not been found. */
  readonly isMissed: boolean;
}

/** A group as one round has found it. */
export interface GroupLook {
  readonly group: string;
  readonly slots: readonly GroupSlot[];
  /** Queues on the source where messages wait for another try. */
  readonly retries: readonly GroupRetry[];
  /** See `FlowGroup`. */
  readonly isDisabled: boolean;
  /** Why it is not in step. */
  readonly problem?: string;
}

/** Where the group has to go on at the destination; offsets only go forward. */
export function movesOf({ slots }: GroupLook): { readonly slot: GroupSlot; readonly offset: number }[] {
  return slots.flatMap((slot) => {
    const { translated, destination } = slot;
    const moves = translated !== undefined && (destination === undefined || destination < translated);
    return moves ? [{ slot, offset: translated }] : [];
  });
}

/** Said of a group that is to go on at the destination now, although copying has not come as far. */
export function uncopiedOf({ slots }: GroupLook): string | undefined {
  const [first, ...more] = slots.filter(({ isAhead }) => isAhead);
  if (!first) return undefined;
  const { topic, broker, id } = first.to;
  return (
    `copying has not come as far as the group in queue ${id} of ${topic} on ${broker}` +
    `${more.length > 0 ? `, and in ${more.length} more queues` : ''}: what is missing would be consumed again`
  );
}

/** Said of a group that has gone further at the destination than the source's consumers have. */
export function aheadOf({ slots }: GroupLook): string | undefined {
  const ahead = slots.filter(
    ({ translated, destination }) => translated !== undefined && destination !== undefined && destination > translated,
  );
  const first = ahead[0];
  if (!first) return undefined;
  const { topic, broker, id } = first.to;
  const more = ahead.length > 1 ? `, and so in ${ahead.length - 1} more queues` : '';
  return (
    `the destination has gone further than the source: in queue ${id} of ${topic} on ${broker} it stands at ${first.destination}, ` +
    `the source's offset means ${first.translated}${more}; offsets only go forward`
  );
}

/** Said of a group that has consumed a retry topic which is not copied yet: once it is, the group would begin there anew. */
export function missedOf({ retries }: GroupLook): string | undefined {
  const missed = retries.find(({ isMissed, offset = 0 }) => isMissed && offset > 0);
  return (
    missed &&
    `it has consumed messages of ${missed.queue.topic}, which is not copied yet; a new topic is found within a minute`
  );
}
