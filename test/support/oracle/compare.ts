import { createHash } from 'node:crypto';
import { readCommitLog, type LoggedMessage } from './commit-log.ts';

/** One message as the oracle remembers it. */
export interface Entry {
  readonly offset: number;
  /** Digest of everything that must arrive as it was. */
  readonly identity: string;
  readonly storeTimestamp: number;
  /** `REPL_FROM`, on copies. */
  readonly from: string | undefined;
  /** It came out of the quarantine, later than its order asks for. */
  readonly redriven: boolean;
  readonly tags: ReadonlyMap<string, string>;
}

/** Entries by queue, in queue order. */
export type Log = ReadonlyMap<number, readonly Entry[]>;

export interface Verdict {
  readonly source: number;
  readonly copied: number;
  /** Source messages of which the destination holds no copy. */
  readonly lost: number;
  /** Copies beyond the first of a source message. */
  readonly repeated: number;
  /** Copies that stand before the copy of an earlier source message, but for those out of the quarantine. */
  readonly outOfOrder: number;
  /** Messages that are on the destination, but nowhere in the source queue: changed on the way, or foreign. */
  readonly changed: number;
}

/** What a plain message must not lose or gain: our own properties are set aside, everything else counts, in order. */
const SET_ASIDE = new Set(['REPL_FROM', 'REPL_REDRIVEN', 'REPL_ORIGIN', 'REPL_PATH', 'REPL_BORN']);
const KEPT_SYS_FLAGS = 0x703;

/** Reads the log of a topic from the broker's files. `tags`: properties that the task adds. */
export async function readLog(storePath: string, topic: string, tags: readonly string[] = []): Promise<Log> {
  const log = new Map<number, Entry[]>();
  await readCommitLog(storePath, topic, (message) => {
    const queue = log.get(message.queue) ?? [];
    log.set(message.queue, queue);
    if (message.queueOffset !== queue.length + (queue[0]?.offset ?? message.queueOffset))
      throw new Error(`queue ${message.queue}: offset ${message.queueOffset} follows ${queue.at(-1)?.offset}`);
    queue.push(entry(message, tags));
  });
  return log;
}

function entry(message: LoggedMessage, tags: readonly string[]): Entry {
  const property = new Map(message.properties);
  const hash = createHash('sha1');
  const born = property.get('REPL_BORN') ?? String(message.bornTimestamp);
  hash.update(`${message.flag} ${message.sysFlag & KEPT_SYS_FLAGS} ${born} ${message.body.length}\n`);
  hash.update(message.body);
  for (const [name, value] of message.properties)
    if (!SET_ASIDE.has(name) && !tags.includes(name)) hash.update(`${name}\u0001${value}\u0002`, 'latin1');
  return {
    offset: message.queueOffset,
    identity: hash.digest('base64'),
    storeTimestamp: message.storeTimestamp,
    from: property.get('REPL_FROM'),
    redriven: property.has('REPL_REDRIVEN'),
    tags: new Map(tags.map((name) => [name, property.get(name) ?? ''])),
  };
}

function isCopy({ from, redriven }: Entry): boolean {
  return from !== undefined || redriven;
}

/** What was produced there. */
export function own(log: Log): Log {
  return new Map([...log].map(([queue, all]) => [queue, all.filter((entry) => !isCopy(entry))]));
}

/** What was copied there. */
export function copies(log: Log): Log {
  return new Map([...log].map(([queue, all]) => [queue, all.filter(isCopy)]));
}

/**
 * Holds the destination's log against the source's, queue by queue. Messages must be distinguishable: each carries a property
 * that no other has.
 */
export function compareLogs(source: Log, destination: Log): Verdict {
  const verdict = { source: 0, copied: 0, lost: 0, repeated: 0, outOfOrder: 0, changed: 0 };
  for (const queue of new Set([...source.keys(), ...destination.keys()])) {
    const places = new Map<string, number>();
    for (const [index, { identity }] of (source.get(queue) ?? []).entries()) {
      if (places.has(identity)) throw new Error(`queue ${queue}: two source messages cannot be told apart`);
      places.set(identity, index);
    }
    const seen = new Set<number>();
    let last = -1;
    for (const { identity, redriven } of destination.get(queue) ?? []) {
      const place = places.get(identity);
      verdict.copied++;
      if (place === undefined) verdict.changed++;
      else if (seen.has(place)) verdict.repeated++;
      else {
        seen.add(place);
        if (redriven) continue;
        if (place < last) verdict.outOfOrder++;
        last = Math.max(last, place);
      }
    }
    verdict.source += places.size;
    verdict.lost += places.size - seen.size;
  }
  return verdict;
}
