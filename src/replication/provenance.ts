import { PROPERTY_FROM } from './names.ts';

/**
 * `REPL_FROM` says where a copy was copied from. Grammar (version 1):
 *
 *     1:<cluster>:<topic>:<queue>:<generation>:<offset>:<broker>
 *
 * Cluster and topic names cannot hold `:`, queue, generation and offset are decimal digits, and the broker's name, in which
 * anything is legal, comes last: so no legal name can break it. Other properties name a place in the same grammar: `REPL_REDRIVEN`
 * on a copy that came out of the quarantine, and those of the quarantine's entries. None of them is taken for a copy in its order.
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
export function fromPropertyStart(source: CopySource, property: string = PROPERTY_FROM): string {
  return `${property}\u0001${fromPrefix(source)}`;
}

/** One message's place on its source. */
export interface SourcePlace {
  readonly source: CopySource;
  readonly offset: number;
}

export function placeText({ source, offset }: SourcePlace): string {
  return `${fromPrefix(source)}${source.generation}:${offset}:${source.broker}`;
}

const PLACE = /^1:([^:]+):([^:]+):(\d+):(\d+):(\d+):(.+)$/s;

/** Reads what `placeText` wrote; `undefined` for anything else, also for a later version. */
export function readPlace(text: string): SourcePlace | undefined {
  const [, cluster, topic, queue, generation, offset, broker] = PLACE.exec(text) ?? [];
  if (cluster === undefined || topic === undefined || broker === undefined) return undefined;
  const source = { cluster, topic, broker, queue: Number(queue), generation: Number(generation) };
  return { source, offset: Number(offset) };
}
