import { placeText, type SourcePlace } from '../../replication/provenance.ts';
import type { MessageCursor } from '../../transport/message.ts';
import type { Queue } from '../../transport/types.ts';
import { readEntry } from './entry.ts';

/** A message in quarantine that was not redriven yet. */
export interface OpenEntry {
  readonly place: SourcePlace;
  /** The broker on which the entry lies, and its offset there. */
  readonly broker: string;
  readonly at: number;
  readonly digest: string;
  readonly hasRecord: boolean;
  /** A redrive may have sent it: to this queue, at this offset or behind. */
  sent?: { readonly to: Queue; readonly offset: number } | undefined;
}

/** One redrive works on so many messages at most, the oldest. */
const MOST_OPEN = 10_000;

/** Finds the open entries among what the quarantine holds. A message whose place was stored twice is one. */
export class OpenEntries {
  /** By place, in the order in which they were set aside. */
  readonly byPlace = new Map<string, OpenEntry>();
  /** How many were redriven by this redrive, in earlier attempts. */
  redriven = 0;
  /** There are more than `byPlace` holds. */
  more = false;
  readonly #done: Set<string>;
  readonly #isWanted: (place: SourcePlace) => boolean;
  readonly #redrive: string;

  constructor(isWanted: (place: SourcePlace) => boolean, redrive: string, done = new Set<string>()) {
    this.#isWanted = isWanted;
    this.#redrive = redrive;
    this.#done = done;
  }

  /** For a second reading where the first found more than it could hold: by then it is known what is done. */
  again(): OpenEntries {
    return new OpenEntries(this.#isWanted, this.#redrive, this.#done);
  }

  /** Takes the next message of a broker's quarantine. */
  add(broker: string, message: MessageCursor): void {
    const entry = readEntry(message);
    if (!entry || !this.#isWanted(entry.place)) return;
    const key = placeText(entry.place);
    const open = this.byPlace.get(key);
    switch (entry.kind) {
      case 'quarantined':
        if (open || this.#done.has(key)) return;
        if (this.byPlace.size < MOST_OPEN) {
          const { place, digest, hasRecord } = entry;
          this.byPlace.set(key, { place, broker, at: message.queueOffset, digest, hasRecord });
        } else this.more = true;
        return;
      case 'sending':
        // the earliest place covers those of later tries
        if (open) open.sent ??= { to: entry.to, offset: entry.offset };
        return;
      case 'refused':
        if (open) open.sent = undefined;
        return;
      case 'done':
        this.byPlace.delete(key);
        this.#done.add(key);
        if (entry.by === this.#redrive) this.redriven++;
    }
  }
}
