import { queueKey, type Queue } from '../transport/types.ts';
import type { TwoWayStanding } from './translate-two-way.ts';
import type { GroupPosition, Translation } from './translate.ts';

/** Where a group stands, as far as it concerns one destination queue. */
export interface Standing {
  /** In all source queues that are copied there. */
  readonly positions: readonly GroupPosition[];
  /** What counts beside them where both sides have producers; absent where copies go one way. */
  readonly twoWay?: Omit<TwoWayStanding, 'positions'>;
}

/** Translates where a group stands to this destination queue. @throws TransportError */
export type Translate = (queue: Queue, standing: Standing) => Promise<Translation>;

interface Known {
  /** The round that asked for it last. */
  round: number;
  /** It stays as it is. */
  isFinal: boolean;
  translation: Promise<Translation>;
}

/**
 * Translations that many groups, and one round after the other, ask for. All stay as they are, because source offsets rise along a destination queue,
 * but for a position that the copies have not come to yet.
 */
export class Translations {
  /** How many requests were sent, over all rounds. */
  requests = 0;
  readonly #translate: Translate;
  readonly #queues = new Map<string, Map<string, Known>>();
  /** By queue, what is looked up there: one after the other, because each makes the next one cheap. */
  readonly #looking = new Map<string, Promise<unknown>>();
  #round = 0;

  constructor(translate: Translate) {
    this.#translate = translate;
  }

  /** Begins a round: what the last one did not ask for is forgotten, what may have changed is looked up anew. */
  begin(): void {
    const last = this.#round++;
    for (const [key, known] of this.#queues) {
      for (const [positions, { round }] of known) if (round < last) known.delete(positions);
      if (known.size === 0) this.#queues.delete(key);
    }
  }

  /** @throws TransportError */
  async of(queue: Queue, standing: Standing): Promise<Translation> {
    const inQueue = this.#queues.get(queueKey(queue)) ?? new Map<string, Known>();
    this.#queues.set(queueKey(queue), inQueue);
    const key = keyOf(standing);
    const known = inQueue.get(key);
    if (known && (known.isFinal || known.round === this.#round)) {
      known.round = this.#round;
      return await known.translation;
    }
    const translation = this.#look(queue, standing);
    const looked: Known = { round: this.#round, isFinal: false, translation };
    inQueue.set(key, looked);
    const { isFinal, offset } = await translation;
    looked.isFinal = isFinal;
    const { twoWay } = standing;
    // there the group stands in the next round
    if (isFinal && twoWay) inQueue.set(keyOf({ ...standing, twoWay: { ...twoWay, other: offset } }), looked);
    return await translation;
  }

  async #look(queue: Queue, standing: Standing): Promise<Translation> {
    const before = this.#looking.get(queueKey(queue)) ?? Promise.resolve();
    const translating = before.then(() => this.#translate(queue, standing));
    this.#looking.set(
      queueKey(queue),
      translating.catch(() => undefined),
    );
    const translation = await translating;
    this.requests += translation.requests;
    return translation;
  }
}

/** Of two standings in one queue: the source queues are the same, but not what is known of their histories. */
function keyOf({ positions, twoWay }: Standing): string {
  const places = positions.map(({ source, offset }) => [source.generation, offset ?? null]);
  return JSON.stringify([places, twoWay && [twoWay.back?.source.generation, twoWay.back?.offset, twoWay.other]]);
}
