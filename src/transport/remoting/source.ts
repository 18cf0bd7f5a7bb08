import { getMaxOffset } from '../../remoting/requests/get-max-offset.ts';
import { getMinOffset } from '../../remoting/requests/get-min-offset.ts';
import { type Pulled, pullMessage } from '../../remoting/requests/pull-message.ts';
import { queryConsumerOffset } from '../../remoting/requests/query-consumer-offset.ts';
import type { QueuePlace } from '../../remoting/requests/queue-place.ts';
import { updateConsumerOffset } from '../../remoting/requests/update-consumer-offset.ts';
import { PULL_NOT_FOUND, SUCCESS } from '../../remoting/response-codes.ts';
import { TransportError } from '../errors.ts';
import type { OffsetRange, OffsetSource, PullAnswer, PullRequest, Queue } from '../types.ts';
import type { BrokerConnections } from './broker-connections.ts';
import type { ReadFrom } from './broker-directory.ts';
import { FirstAlone } from './first-alone.ts';
import { HOLD_CHECK_MS, REQUEST_TIMEOUT_MS } from './limits.ts';

/** Pulls name a group that every broker since 3.x comes with; it is not the group whose offsets are kept. */
export const PULL_GROUP = 'TOOLS_CONSUMER';

export function place({ topic, broker, id }: Queue): QueuePlace {
  return { topic, broker, queue: id };
}

/** Reads messages over one set of connections and keeps offsets over another, or the same. */
export class RemotingSource implements OffsetSource {
  readonly #messages: BrokerConnections;
  readonly #offsets: BrokerConnections;
  readonly #from: ReadFrom;
  readonly #commits = new FirstAlone();

  /** @param from `slave`: messages may come from a slave while there is no master; not for what must be the whole truth */
  constructor(messages: BrokerConnections, offsets: BrokerConnections, from: ReadFrom = 'master') {
    this.#messages = messages;
    this.#offsets = offsets;
    this.#from = from;
  }

  async pull(queue: Queue, request: PullRequest, signal?: AbortSignal): Promise<PullAnswer> {
    const held = request.waitMs > 0 ? request.waitMs + HOLD_CHECK_MS : 0;
    const pull = { group: PULL_GROUP, ...place(queue), ...request };
    const options = { timeoutMs: held + REQUEST_TIMEOUT_MS, signal };
    const { answer: pulled, slave } = await this.#messages.read(this.#from, queue.broker, pullMessage, pull, options);
    const answer = pullAnswer(request.offset, pulled);
    if (slave !== undefined && answer.kind !== 'messages') throw slaveLacks(queue, request.offset, slave, answer.range);
    return answer;
  }

  async range(queue: Queue): Promise<OffsetRange> {
    const [min, max] = await Promise.all([
      this.#offsets.read(this.#from, queue.broker, getMinOffset, place(queue)),
      this.#offsets.read(this.#from, queue.broker, getMaxOffset, place(queue)),
    ]);
    const isOfSlave = min.slave !== undefined || max.slave !== undefined;
    return { min: min.answer, max: Math.max(min.answer, max.answer), ...(isOfSlave && { isOfSlave }) };
  }

  async committed(group: string, queue: Queue): Promise<number | undefined> {
    return await this.#offsets.call(queue.broker, queryConsumerOffset, { group, ...place(queue) });
  }

  /**
   * A broker may forget one of the first two offsets of a group and topic that come at once: ConsumerOffsetManager.commitOffset puts a new table
   * for either. So the first goes alone.
   */
  async commit(group: string, queue: Queue, offset: number): Promise<void> {
    const { topic, broker } = queue;
    const commit = { group, ...place(queue), offset };
    await this.#commits.run(`${broker} ${topic} ${group}`, () =>
      this.#offsets.call(broker, updateConsumerOffset, commit),
    );
  }

  close(): void {
    this.#messages.close();
    this.#offsets.close();
  }
}

/**
 * The broker's answers without messages (PullMessageProcessor, GetMessageStatus): nothing is new at the end of the queue
 * (OFFSET_OVERFLOW_ONE, or an empty queue asked for offset 0) is PULL_NOT_FOUND and leaves the offset as it is; only then does the
 * broker hold a long poll. Any other answer usually names another offset to go on from, because the queue does not hold this one (OFFSET_TOO_SMALL, OFFSET_OVERFLOW_BADLY, NO_MATCHED_LOGIC_QUEUE) or
 * what stood there is being removed (MESSAGE_WAS_REMOVING, OFFSET_FOUND_NULL).
 */
export function pullAnswer(offset: number, { code, records, nextOffset, minOffset, maxOffset }: Pulled): PullAnswer {
  const range = { min: minOffset, max: maxOffset };
  if (code === SUCCESS) return { kind: 'messages', records, nextOffset, range };
  const held = code === PULL_NOT_FOUND && nextOffset === offset && offset >= minOffset && offset <= maxOffset;
  return { kind: held ? 'nothing' : 'moved', records, nextOffset, range };
}

/** That a slave lacks a message says nothing of the master: it lags behind, and may have begun later. */
function slaveLacks({ topic, broker, id }: Queue, offset: number, address: string, { min, max }: OffsetRange) {
  return new TransportError(
    `broker ${broker} has no master; its slave holds ${topic}/${id} from offset ${min} up to ${max}, ` +
      `copying goes on at ${offset} when the master is back`,
    { address, retryable: true, answered: true, refusedForGood: false },
  );
}
