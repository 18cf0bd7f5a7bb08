import { getBrokerConfig } from '../../remoting/requests/get-broker-config.ts';
import { TransportError } from '../errors.ts';
import type { Batch, BatchLimits } from '../types.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { runtimeInfo } from './runtime-info.ts';

/** A broker's default, where it does not tell its own. bytes. */
const DEFAULT_MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/**
 * By how much a stored message is at most longer than the same message in a batch: 91 fixed bytes against 22, a topic of up to 127
 * bytes, two IPv6 hosts.
 */
const STORED_OVERHEAD_BYTES = 91 - 22 + 127 + 24;

/**
 * `maxMessageSize` counts the batch as it is sent since 5.0 (MessageExtEncoder.encode), and all its messages as they are stored before
 * (CommitLog.MessageExtBatchEncoder in 4.x).
 */
export async function readBatchLimits(connections: BrokerConnections, broker: string): Promise<BatchLimits> {
  const [config, info] = await Promise.all([
    connections.call(broker, getBrokerConfig, undefined),
    runtimeInfo(connections, broker),
  ]);
  const maxBytes = Number(config.get('maxMessageSize'));
  const countsStored = info.brokerVersionDesc?.startsWith('V4_') ?? false;
  return {
    maxBytes: Number.isSafeInteger(maxBytes) && maxBytes > 0 ? maxBytes : DEFAULT_MAX_MESSAGE_BYTES,
    bytesPerMessage: countsStored ? STORED_OVERHEAD_BYTES : 0,
  };
}

/**
 * Refuses here what the broker would refuse: it answers with a code (1) that could also mean that the batch was stored.
 * @throws TransportError
 */
export function checkBatch(broker: string, { maxBytes, bytesPerMessage }: BatchLimits, batch: Batch): void {
  const bytes = batch.bytes + batch.messages * bytesPerMessage;
  if (bytes <= maxBytes) return;
  throw new TransportError(
    `broker ${broker}: a batch of ${batch.messages} messages counts ${bytes} bytes; the broker takes ${maxBytes} (maxMessageSize)`,
    { address: broker, retryable: false, answered: true, refusedForGood: true },
  );
}
