import { getBrokerConfig } from '../../remoting/requests/get-broker-config.ts';
import { TransportError } from '../errors.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { mostBytes } from './flushed-bytes.ts';
import { runtimeInfo } from './runtime-info.ts';
import { within } from './within.ts';

/** How long to wait before asking again. ms. */
const ASK_AGAIN_MS = 20;

/** Where a broker's commit log stands, bytes. */
export interface LogState {
  /** Its end at the beginning of the answer. */
  readonly end: number;
  /** Bytes that were not yet dispatched to consume queues a little later. */
  readonly behind: number;
  /** At most so many bytes were not yet on disk, later still. */
  readonly unflushed: number;
}

/**
 * A position in the commit log up to which everything has certainly been dispatched. The figures of one answer are read one after
 * the other (AdminBrokerProcessor.prepareRuntimeInfo: end, behind, unflushed) while the log grows, so each is taken as a bound.
 *
 * `behind` counts from the log's end, and from the flushed position where the broker flushes synchronously (CommitLog.getConfirmOffset
 * since 5.0). That position is bounded by the answer before: it was at least `end - unflushed` then and never goes back.
 */
export function dispatchedUpTo(previous: LogState, current: LogState, syncFlush: boolean): number {
  return syncFlush ? previous.end - previous.unflushed - current.behind : current.end - current.behind;
}

/**
 * Waits until everything that the broker's commit log held at the first answer is in its consume queues. Other producers may go on
 * writing meanwhile. Not conclusive for messages that a broker stores but does not confirm yet: `duplicationEnable`, and controller mode with
 * `allAckInSyncStateSet` while in-sync replicas lag behind.
 */
export async function awaitDispatch(connections: BrokerConnections, broker: string, timeoutMs: number): Promise<void> {
  const stop = new AbortController();
  const late = () =>
    new TransportError(`broker ${broker}: what it stored was not all readable within ${timeoutMs} ms`, {
      address: broker,
      retryable: true,
      answered: true,
      refusedForGood: false,
    });
  try {
    await within(timeoutMs, pollDispatch(connections, broker, stop.signal), late, []);
  } finally {
    stop.abort();
  }
}

async function pollDispatch(connections: BrokerConnections, broker: string, signal: AbortSignal): Promise<void> {
  const config = await connections.call(broker, getBrokerConfig, undefined, { signal });
  const syncFlush = config.get('flushDiskType') === 'SYNC_FLUSH';
  const first = await readLogState(connections, broker, signal);
  let previous = first;
  for (;;) {
    const current = await readLogState(connections, broker, signal);
    if (dispatchedUpTo(previous, current, syncFlush) >= first.end) return;
    previous = current;
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    signal.throwIfAborted();
  }
}

async function readLogState(connections: BrokerConnections, broker: string, signal: AbortSignal): Promise<LogState> {
  const info = await runtimeInfo(connections, broker, signal);
  const state = {
    end: Number(info.commitLogMaxOffset),
    behind: Number(info.dispatchBehindBytes),
    unflushed: mostBytes(info.remainHowManyDataToFlush ?? '') ?? NaN,
  };
  for (const [name, value] of Object.entries(state))
    if (!Number.isFinite(value))
      throw new TransportError(
        `broker ${broker}: its runtime information does not tell the log's ${name}: ${JSON.stringify(info)}`,
        {
          address: broker,
          retryable: false,
          answered: true,
          refusedForGood: false,
        },
      );
  return state;
}
