import type { ClusterConfig } from '../../config/types.ts';
import { readMessage } from '../../pump/read-messages.ts';
import type { Flow } from '../../replication/names.ts';
import type { Cluster, OffsetSource } from '../../transport/types.ts';
import { openCluster } from '../clusters.ts';
import { flowLag, flowTopics, type Chosen, type QueueLag } from '../../pump/flow-lag.ts';
import { within } from '../time-limit.ts';
import { lagKey, position, type Offsets } from './sample.ts';

/** How long the source may take for all offsets. ms */
const OFFSETS_MS = 10_000;
/** So many queues are asked for their oldest waiting message in one refresh, those with the largest lag first. */
const AGES_PER_REFRESH = 16;

/** Reads a flow's offsets on its source again and again, over connections that stay open. */
export class OffsetWatch {
  readonly #flow: Flow;
  readonly #cluster: Cluster;
  readonly #reader: OffsetSource;
  /** What was asked stays true as long as the queue stands there, so a queue that is stuck is asked once. */
  readonly #ages = new Map<string, { readonly offset: number; readonly storedAt: number }>();

  private constructor(flow: Flow, cluster: Cluster) {
    this.#flow = flow;
    this.#cluster = cluster;
    this.#reader = cluster.openSource();
  }

  static async open(flow: Flow, config: ClusterConfig): Promise<OffsetWatch> {
    return new OffsetWatch(flow, await openCluster(config));
  }

  /** @throws Error where the source does not answer in time; TransportError */
  async read(chosen: Chosen): Promise<Offsets> {
    return await within(OFFSETS_MS, `cluster ${this.#flow.source}`, this.#read(chosen));
  }

  close(): void {
    this.#reader.close();
    this.#cluster.close();
  }

  async #read(chosen: Chosen): Promise<Offsets> {
    const topics = await flowTopics(this.#cluster, chosen);
    const queues = await flowLag(this.#cluster.admin, this.#flow, topics);
    const at = performance.now();
    await this.#askAges(queues);
    return { at, queues, storedAt: new Map([...this.#ages].map(([key, { storedAt }]) => [key, storedAt])) };
  }

  async #askAges(queues: readonly QueueLag[]): Promise<void> {
    const here = new Map(queues.filter(({ lag }) => lag > 0).map((queue) => [lagKey(queue), queue]));
    for (const [key, { offset }] of this.#ages) {
      const queue = here.get(key);
      if (queue && position(queue) === offset) here.delete(key);
      else this.#ages.delete(key);
    }
    const asked = [...here.values()].sort((a, b) => b.lag - a.lag).slice(0, AGES_PER_REFRESH);
    await Promise.all(asked.map((queue) => this.#askAge(queue)));
  }

  async #askAge(queue: QueueLag): Promise<void> {
    const { topic, broker, queue: id } = queue;
    const offset = position(queue);
    const message = await readMessage(this.#reader, { topic, broker, id }, offset);
    if (message) this.#ages.set(lagKey(queue), { offset, storedAt: message.storeTimestamp });
  }
}
