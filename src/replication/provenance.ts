import { PROPERTY_FROM } from './names.ts';

/**
 * `REPL_FROM` says where a copy was copied from. Grammar (version 1):
 *
 *     1:<cluster>:<topic>:<queue>:<generation>:<offset>:<broker>
 *
 * Cluster and topic names cannot hold `:`, queue, generation and offset are decimal digits, and the broker's name, in which
 * anything is legal, comes last: so no legal name can break it.
 */
export interface CopySource {
  readonly cluster: string;
  readonly topic: string;
  readonly broker: string;
  readonly queue: number;
  readonly generation: number;
}

const VERSION = '1';

/** Everything of `REPL_FROM`'s value before the generation: the same for all copies of one source queue. */
export function fromPrefix(source: CopySource): string {
  return `${VERSION}:${source.cluster}:${source.topic}:${source.queue}:`;
}

/** The property as it stands among a message's properties, without the end of its value. */
export function fromPropertyStart(source: CopySource): string {
  return `${PROPERTY_FROM}\u0001${fromPrefix(source)}`;
}
