import { getMaxOffset } from '../../remoting/requests/get-max-offset.ts';
import { getMinOffset } from '../../remoting/requests/get-min-offset.ts';
import { type Pulled, pullMessage } from '../../remoting/requests/pull-message.ts';
import { queryConsumerOffset } from '../../remoting/requests/query-consumer-offset.ts';
import type { QueuePlace } from '../../remoting/requests/queue-place.ts';
import { updateConsumerOffset } from '../../remoting/requests/update-consumer-offset.ts';
import { PULL_NOT_FOUND, SUCCESS } from '../../remoting/response-codes.ts';
import type { OffsetRange, OffsetSource, PullAnswer, PullRequest, Queue } from '../types.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { HOLD_CHECK_MS, REQUEST_TIMEOUT_MS } from './limits.ts';

/** Pulls name a group that every broker since 3.x comes with; it is not the group whose offsets are kept. */
const PULL_GROUP = 'TOOLS_CONSUMER';

export function place({ topic, broker, id }: Queue): QueuePlace {
  return { topic, broker, queue: id };
}

/** Reads messages over one set of connections and keeps offsets over another, or the same. */
export class RemotingSource implements OffsetSource {
  readonly #messages: BrokerConnections;
  readonly #offsets: BrokerConnections;

  constructor(messages: BrokerConnections, offsets: BrokerConnections) {
    this.#messages = messages;
    this.#offsets = offsets;
  }

  async pull(queue: Queue, request: PullRequest, signal?: AbortSignal): Promise<PullAnswer> {
    const held = request.waitMs > 0 ? request.waitMs + HOLD_CHECK_MS : 0;
    const pull = { group: PULL_GROUP, ...place(queue), ...request };
    const options = { timeoutMs: held + REQUEST_TIMEOUT_MS, signal };
    return pullAnswer(request.offset, await this.#messages.call(queue.broker, pullMessage, pull, options));
  }

  async range(queue: Queue): Promise<OffsetRange> {
    return await readRange(this.#offsets, queue);
  }

  async committed(group: string, queue: Queue): Promise<number | undefined> {
    return await this.#offsets.call(queue.broker, queryConsumerOffset, { group, ...place(queue) });
  }

  async commit(group: string, queue: Queue, offset: number): Promise<void> {
    await this.#offsets.call(queue.broker, updateConsumerOffset, { group, ...place(queue), offset });
  }

  close(): void {
    this.#messages.close();
    this.#offsets.close();
  }
}

export async function readRange(connections: BrokerConnections, queue: Queue): Promise<OffsetRange> {
  const [min, max] = await Promise.all([
    connections.call(queue.broker, getMinOffset, place(queue)),
    connections.call(queue.broker, getMaxOffset, place(queue)),
  ]);
  return { min, max: Math.max(min, max) };
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
