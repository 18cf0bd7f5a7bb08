import type { Cluster, CommittedOffsets } from '../transport/types.ts';
import type { QueuePlace } from '../replication/queue-map.ts';

/** What groups have committed on some brokers of a cluster, as of one moment. */
export class OffsetTable {
  readonly #offsets = new Map<string, ReadonlyMap<number, number>>();
  readonly #topics = new Map<string, Set<string>>();

  /** Asks each of these brokers once. @throws TransportError */
  static async read({ admin }: Cluster, brokers: readonly string[]): Promise<OffsetTable> {
    const table = new OffsetTable();
    const answers = await Promise.all(brokers.map((broker) => admin.groupOffsets(broker)));
    for (const [index, all] of answers.entries()) for (const one of all) table.#add(brokers[index]!, one);
    return table;
  }

  get groups(): Iterable<string> {
    return this.#topics.keys();
  }

  /** Topics for which the group has committed anything. */
  topicsOf(group: string): ReadonlySet<string> {
    return this.#topics.get(group) ?? new Set();
  }

  /** `undefined` where the group has committed nothing. */
  offset(group: string, topic: string, { broker, queue }: QueuePlace): number | undefined {
    return this.#offsets.get(keyOf(group, topic, broker))?.get(queue);
  }

  #add(broker: string, { group, topic, offsets }: CommittedOffsets): void {
    this.#offsets.set(keyOf(group, topic, broker), offsets);
    const topics = this.#topics.get(group) ?? new Set<string>();
    this.#topics.set(group, topics.add(topic));
  }
}

/** Neither groups nor topics hold a space. */
function keyOf(group: string, topic: string, broker: string): string {
  return `${group} ${topic} ${broker}`;
}
