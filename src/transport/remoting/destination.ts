import { lockBatchMq } from '../../remoting/requests/lock-batch-mq.ts';
import { sendBatchMessage } from '../../remoting/requests/send-batch-message.ts';
import { unlockBatchMq } from '../../remoting/requests/unlock-batch-mq.ts';
import { isRetryTopic } from '../../replication/retry-topics.ts';
import { TransportError } from '../errors.ts';
import type { Batch, BatchLimits, ClusterAdmin, Destination, Queue } from '../types.ts';
import { checkBatch, readBatchLimits } from './batch-limits.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { awaitDispatch } from './dispatch-barrier.ts';
import { sendAlone } from './send-alone.ts';
import { Sharing, SharingTheNext } from './sharing.ts';
import { RemotingSource, place } from './source.ts';

/** Brokers use it for their statistics only. */
const PRODUCER_GROUP = 'REPLICATOR_PRODUCER';
const DISPATCH_TIMEOUT_MS = 10_000;

/** One connection a broker carries sends and reads, another one locks, offsets and questions about the broker. */
export class RemotingDestination extends RemotingSource implements Destination {
  readonly #sends: BrokerConnections;
  readonly #control: BrokerConnections;
  readonly #lossListeners: Set<(broker: string) => void>;
  readonly #topicConfig: ClusterAdmin['topicConfig'];
  /** Of the brokers that were asked for them. */
  readonly #limits = new Map<string, BatchLimits>();
  readonly #limitsReading = new Sharing<BatchLimits>();
  readonly #barriers = new SharingTheNext();

  constructor(
    sends: BrokerConnections,
    control: BrokerConnections,
    lossListeners: Set<(broker: string) => void>,
    topicConfig: ClusterAdmin['topicConfig'],
  ) {
    super(sends, control);
    this.#topicConfig = topicConfig;
    this.#sends = sends;
    this.#control = control;
    this.#lossListeners = lossListeners;
  }

  async send(queue: Queue, batch: Batch, timeoutMs: number): Promise<number> {
    const limits = this.#limits.get(queue.broker);
    if (limits) checkBatch(queue.broker, limits, batch);
    const { sysFlag, bornTimestamp, parts } = batch;
    const args = { ...place(queue), producerGroup: PRODUCER_GROUP, sysFlag, bornTimestamp, parts };
    try {
      if (isRetryTopic(queue.topic)) return await sendAlone(this.#sends, queue, batch, timeoutMs);
      return await this.#sends.call(queue.broker, sendBatchMessage, args, { timeoutMs });
    } catch (error) {
      if (!(error instanceof TransportError) || !error.answered) this.#sends.reset(queue.broker);
      throw error;
    }
  }

  async batchLimits(broker: string): Promise<BatchLimits> {
    const limits = await this.#limitsReading.share(broker, () => readBatchLimits(this.#control, broker));
    this.#limits.set(broker, limits);
    return limits;
  }

  async holdsQueue({ topic, broker, id }: Queue): Promise<boolean> {
    const config = await this.#topicConfig(broker, topic);
    return config !== undefined && id < Math.max(config.readQueues, config.writeQueues);
  }

  async dispatched(broker: string, timeoutMs = DISPATCH_TIMEOUT_MS): Promise<void> {
    await this.#barriers.share(`${broker} ${timeoutMs}`, () => awaitDispatch(this.#control, broker, timeoutMs));
  }

  async lock(broker: string, group: string, owner: string, keys: readonly Queue[]): Promise<Queue[]> {
    const held = await this.#control.call(broker, lockBatchMq, { group, clientId: owner, queues: keys.map(place) });
    return held.map(({ topic, broker: keyBroker, queue }) => ({ topic, broker: keyBroker, id: queue }));
  }

  async unlock(broker: string, group: string, owner: string, keys: readonly Queue[]): Promise<void> {
    await this.#control.call(broker, unlockBatchMq, { group, clientId: owner, queues: keys.map(place) });
  }

  onLocksLost(listener: (broker: string) => void): () => void {
    this.#lossListeners.add(listener);
    return () => {
      this.#lossListeners.delete(listener);
    };
  }
}
