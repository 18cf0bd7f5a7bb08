import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';

/** A message to be produced, as the producer's application means it. */
export interface TestMessage {
  readonly flag: number;
  /** Compression bits; a batch holds messages of one kind. */
  readonly sysFlag: number;
  readonly body: Buffer;
  readonly properties: readonly (readonly [name: string, value: string])[];
}

export interface Mix {
  readonly count: number;
  readonly seed: number;
  /** Mean size of an ordinary body. Bytes. */
  readonly meanBytes: number;
  /** How many bodies lie between 256 KiB and `largestBytes`. */
  readonly large: number;
  readonly largestBytes: number;
}

const ZLIB = 0x1 | 0x300;
const POOL_BYTES = 8 * 1024 * 1024;
/** What provenance leaves room for in a message's 32,767 bytes of properties. */
const LONGEST_PROPERTY = 32_000;

/** A small generator of numbers in [0, 1) that gives the same row for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Messages of all kinds that a plain topic holds: empty and large bodies, binary and compressed ones, keys, tags, sharding keys,
 * non-ASCII and very long properties. Each carries a `SEQ` that no other has.
 */
export function* mixedMessages(mix: Mix): Generator<TestMessage> {
  const random = seeded(mix.seed);
  const pool = randomBytes(POOL_BYTES);
  const everyLarge = mix.large > 0 ? Math.max(1, Math.floor(mix.count / mix.large)) : Infinity;
  for (let seq = 0; seq < mix.count; seq++) {
    const large = seq % everyLarge === everyLarge - 1;
    const size = large
      ? 256 * 1024 + Math.floor(random() * (mix.largestBytes - 256 * 1024))
      : seq % 50 === 0
        ? 0
        : Math.floor(random() * 2 * mix.meanBytes);
    const start = Math.floor(random() * (POOL_BYTES - size));
    const plain = pool.subarray(start, start + size);
    const compressed = !large && seq % 100 === 1;
    yield {
      flag: seq % 7 === 0 ? -seq : seq,
      sysFlag: compressed ? ZLIB : 0,
      body: compressed ? deflateSync(plain, { level: 1 }) : plain,
      properties: [
        ['SEQ', String(seq)],
        ['UNIQ_KEY', seq.toString(16).toUpperCase().padStart(32, '0')],
        ['WAIT', 'true'],
        ...(seq % 2 === 0 ? [['KEYS', `order-${seq} customer-${seq % 97}`] as const] : []),
        ...(seq % 3 === 0 ? [['TAGS', `t${seq % 5}`] as const] : []),
        ...(seq % 4 === 0 ? [['__SHARDINGKEY', `k${seq % 13}`] as const] : []),
        ...(seq % 11 === 0 ? [['größe-数量', 'Ünïcödé ✓ 値段'] as const] : []),
        ...(seq % 997 === 5 ? [['LONG', 'x'.repeat(LONGEST_PROPERTY)] as const] : []),
      ],
    };
  }
}

/** The body of a batch send, written by the client library's layout, not by the product's code. */
export function encodeBatch(messages: readonly TestMessage[]): Buffer {
  return Buffer.concat(
    messages.flatMap(({ flag, body, properties }) => {
      const text = Buffer.from(properties.map(([name, value]) => `${name}\u0001${value}\u0002`).join(''));
      const head = Buffer.alloc(20);
      head.writeInt32BE(22 + body.length + text.length, 0);
      head.writeInt32BE(flag, 12);
      head.writeInt32BE(body.length, 16);
      const length = Buffer.alloc(2);
      length.writeInt16BE(text.length);
      return [head, body, length, text];
    }),
  );
}

export function encodedBytes({ body, properties }: TestMessage): number {
  return properties.reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value) + 2,
    22 + body.length,
  );
}

/** The next `count` of these; the rest stays. */
export function* take<T>(items: Iterator<T, void>, count: number): Generator<T> {
  for (let i = 0; i < count; i++) {
    const item = items.next();
    if (item.done) return;
    yield item.value;
  }
}

/** Some small ones, for where their number and order matter and nothing else. */
export function smallMessages(count: number, seed: number): Generator<TestMessage> {
  return mixedMessages({ count, seed, meanBytes: 100, large: 0, largestBytes: 0 });
}
