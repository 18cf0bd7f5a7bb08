import {
  PROPERTY_BORN,
  PROPERTY_FROM,
  PROPERTY_ORIGIN,
  PROPERTY_PATH,
  PROPERTY_REDRIVEN,
  PROPERTY_TRIES,
} from '../replication/names.ts';

/**
 * Properties that are not copied, because the destination would act on them again (R2). The wire form of a message's properties
 * is `name 0x01 value 0x02 name 0x01 value [0x02]`.
 */
export const NOT_COPIED = [
  // delay levels and timers: a delivered message would wait once more
  'DELAY',
  'TIMER_DELAY_SEC',
  'TIMER_DELAY_MS',
  'TIMER_DELIVER_MS',
  'TIMER_OUT_MS',
  'TIMER_ENQUEUE_MS',
  'TIMER_DEQUEUE_MS',
  'TIMER_ROLL_TIMES',
  'TIMER_DELAY_LEVEL',
  'TIMER_DEL_UNIQKEY',
  'REAL_TOPIC',
  'REAL_QID',
  // transactions: a committed message would become a half message that nobody commits
  'TRAN_MSG',
  'TRAN_PREPARED_QUEUE_OFFSET',
  'TRANSACTION_CHECK_TIMES',
  // retries
  'RETRY_TOPIC',
  'RECONSUME_TIME',
  'MAX_RECONSUME_TIMES',
  // pop check points
  'POP_CK',
  'POP_CK_OFFSET',
  '1ST_POP_TIME',
  // what a broker writes for itself
  'INNER_MULTI_DISPATCH',
  'INNER_MULTI_QUEUE_OFFSET',
  'INNER_NUM',
  'INNER_BASE',
  'TRANSFER_FLAG',
  '__CRC32#',
];

const NAME_END = 1;
const VALUE_END = 2;

/** Half-open byte range of a value that was found; empty when `start === end`. */
export interface ValueBounds {
  start: number;
  end: number;
}

/**
 * Copies a message's properties without those above, without our own of an earlier copy, and without those that this task
 * sets. Reused for every message: it allocates nothing. After `splice`, `origin`, `path` and `born` bound the values
 * of an earlier copy's provenance in the source bytes.
 */
export class PropertySplicer {
  readonly origin: ValueBounds = { start: 0, end: 0 };
  readonly path: ValueBounds = { start: 0, end: 0 };
  readonly born: ValueBounds = { start: 0, end: 0 };
  readonly #dropped: { readonly name: Buffer; readonly found: ValueBounds | undefined }[][] = Array.from(
    { length: 256 },
    () => [],
  );

  /** @param kept of those that are not copied, those that are kept all the same */
  constructor(taskProperties: readonly string[], kept: readonly string[] = []) {
    for (const name of [...NOT_COPIED, PROPERTY_FROM, PROPERTY_REDRIVEN, PROPERTY_TRIES, ...taskProperties])
      if (!kept.includes(name)) this.#drop(name, undefined);
    this.#drop(PROPERTY_ORIGIN, this.origin);
    this.#drop(PROPERTY_PATH, this.path);
    this.#drop(PROPERTY_BORN, this.born);
  }

  /** Has the message count as one that was first produced where it is read. */
  forgetOrigin(): void {
    this.origin.start = this.origin.end = 0;
    this.path.start = this.path.end = 0;
  }

  /**
   * Writes the kept properties of `source[start, end)` to `target` from `at` on, each with its 0x02, and returns the position
   * behind them. Needs at most `end - start + 1` bytes.
   */
  splice(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
    this.forgetOrigin();
    this.born.start = this.born.end = 0;
    let kept = start;
    let position = start;
    while (position < end) {
      let nameEnd = position;
      // A part without a name's end is no property (brokers skip it) and hides none behind it.
      while (nameEnd < end && source[nameEnd] !== NAME_END && source[nameEnd] !== VALUE_END) nameEnd++;
      let valueEnd = nameEnd;
      while (valueEnd < end && source[valueEnd] !== VALUE_END) valueEnd++;
      const next = valueEnd < end ? valueEnd + 1 : end;
      if (this.#isDropped(source, position, nameEnd, valueEnd)) {
        if (kept < position) at += source.copy(target, at, kept, position);
        kept = next;
      }
      position = next;
    }
    if (kept < end) at += source.copy(target, at, kept, end);
    if (end > start && kept < end && source[end - 1] !== VALUE_END) target[at++] = VALUE_END;
    return at;
  }

  #drop(name: string, found: ValueBounds | undefined): void {
    const bytes = Buffer.from(name);
    this.#dropped[bytes[0]!]!.push({ name: bytes, found });
  }

  #isDropped(source: Buffer, start: number, nameEnd: number, valueEnd: number): boolean {
    const candidates = this.#dropped[source[start]!]!;
    for (const { name, found } of candidates) {
      if (name.length !== nameEnd - start || !equalAt(source, start, name)) continue;
      if (found) {
        found.start = Math.min(nameEnd + 1, valueEnd);
        found.end = valueEnd;
      }
      return true;
    }
    return false;
  }
}

/** Whether `bytes` stand in `source` at `position`. */
export function equalAt(source: Buffer, position: number, bytes: Buffer): boolean {
  if (position + bytes.length > source.length) return false;
  for (let i = 0; i < bytes.length; i++) if (source[position + i] !== bytes[i]) return false;
  return true;
}

/**
 * Position of the value of the property that begins with `start` (its name, 0x01, and perhaps the first bytes of its value), or
 * -1. Returns the position behind `start`.
 */
export function findProperty(source: Buffer, from: number, to: number, start: Buffer): number {
  let position = from;
  while (position + start.length <= to) {
    if (equalAt(source, position, start)) return position + start.length;
    while (position < to && source[position] !== VALUE_END) position++;
    position++;
  }
  return -1;
}
