import { fromPropertyStart, type CopySource } from '../replication/provenance.ts';
import { isRetryTopic } from '../replication/retry-topics.ts';
import type { MessageCursor } from '../transport/message.ts';
import { NewerGeneration } from './problems.ts';
import { equalAt, findProperty } from './properties.ts';
import { isCopyItself } from './tries.ts';

/** No copy of the source queue. */
export const NO_COPY = -1;
/** A copy of the source queue from before its history changed (R8). */
export const OLDER_COPY = -2;

const COLON = 0x3a;
const VALUE_END = 2;

/** Tells copies of one source queue, in one generation, from everything else, without allocating. */
export class CopyMatcher {
  /** Of the copy that was met last. */
  generation = 0;
  readonly #start: Buffer;
  readonly #end: Buffer;
  readonly #generation: number;
  readonly #isRetry: boolean;
  /** Behind the number that was read last. */
  #position = 0;

  /** @param property in which the copies name the place that they come from; `REPL_FROM` if absent */
  constructor(source: CopySource, property?: string) {
    this.#start = Buffer.from(fromPropertyStart(source, property));
    this.#end = Buffer.from(`:${source.broker}`);
    this.#generation = source.generation;
    this.#isRetry = isRetryTopic(source.topic);
  }

  /**
   * The source offset that the message is a copy of, `NO_COPY` or `OLDER_COPY`.
   * @throws NewerGeneration for a copy from after a change of history of which this pump does not know
   */
  sourceOffset(message: MessageCursor): number {
    const offset = this.offsetOfAny(message);
    return offset >= 0 && this.generation < this.#generation ? OLDER_COPY : offset;
  }

  /** The same for a copy of any generation up to ours, which `generation` tells. */
  offsetOfAny(message: MessageCursor): number {
    const { records, propertiesStart, propertiesEnd } = message;
    this.#position = findProperty(records, propertiesStart, propertiesEnd, this.#start);
    if (this.#position < 0) return NO_COPY;
    const generation = this.#number(records, propertiesEnd);
    if (generation < 0 || this.#position === propertiesEnd || records[this.#position++] !== COLON) return NO_COPY;
    const offset = this.#number(records, propertiesEnd);
    const end = this.#position + this.#end.length;
    if (offset < 0 || end > propertiesEnd || !equalAt(records, this.#position, this.#end)) return NO_COPY;
    if (end < propertiesEnd && records[end] !== VALUE_END) return NO_COPY;
    if (this.#isRetry && !isCopyItself(message)) return NO_COPY;
    if (generation > this.#generation) throw new NewerGeneration(generation, this.#generation);
    this.generation = generation;
    return offset;
  }

  /** Reads decimal digits; -1 where there are none. */
  #number(records: Buffer, end: number): number {
    let number = -1;
    for (; this.#position < end; this.#position++) {
      const digit = records[this.#position]! - 0x30;
      if (digit < 0 || digit > 9) break;
      number = Math.max(number, 0) * 10 + digit;
    }
    return number;
  }
}
