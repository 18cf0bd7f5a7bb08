import type { CopyKey, CopyReader } from '../pump/copies.ts';
import type { Boundary } from '../pump/find-copy.ts';
import { placeText, type CopySource } from '../replication/provenance.ts';
import { queueKey, type Queue } from '../transport/types.ts';
import { KnownCopies } from './known-copies.ts';

/** Where a group stands in a source queue. */
export interface GroupPosition {
  readonly source: CopySource;
  /** Next source offset that it reads; `undefined` where it has none. */
  readonly offset: number | undefined;
  /** Everything below this source offset was copied or passed over: the flow's checkpoint on the source, read before the call. */
  readonly copiedTo?: number | undefined;
  /** Where the copying of this generation began (`QueueHistory.start`). */
  readonly start?: number | undefined;
}

/** Where the copies end that the group has consumed, and the others begin. */
export interface GroupBoundary extends Boundary {
  /** Copies below it are consumed. */
  readonly key: CopyKey;
}

/** Finds boundaries in the queues of one cluster, and remembers copies that it met. */
export class GroupBoundaries {
  /** By source and destination queue. */
  readonly #known = new Map<string, KnownCopies>();

  /**
   * In the newest generation; below where its copying began in the one before, because the messages up to there are the same in both (R8).
   * @throws as `CopyReader`
   */
  async find(copies: CopyReader, queue: Queue, { source, offset, start }: GroupPosition): Promise<GroupBoundary> {
    const known = this.#knownOf(queue, source);
    let key: CopyKey = { generation: source.generation, sourceOffset: offset ?? -1 };
    for (;;) {
      const found = await known.find(copies, key);
      const generation = found.before?.generation ?? key.generation;
      const isBehindStart = start !== undefined && offset !== undefined && offset >= start;
      if (generation === key.generation || (key.generation === source.generation && isBehindStart))
        return { ...found, key };
      key = { ...key, generation };
    }
  }

  #knownOf(queue: Queue, source: CopySource): KnownCopies {
    const name = `${placeText({ source, offset: 0 })} ${queueKey(queue)}`;
    const known = this.#known.get(name) ?? new KnownCopies();
    this.#known.set(name, known);
    return known;
  }
}
