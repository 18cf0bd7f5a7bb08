import { getBrokerRuntimeInfo } from '../../remoting/requests/get-broker-runtime-info.ts';
import { TransportError } from '../errors.ts';
import type { BrokerConnections } from './broker-connections.ts';

/** How long a broker may have no figures yet, and how often it is asked meanwhile. ms. */
const FIRST_FIGURES_MS = 3_000;
const ASK_AGAIN_MS = 100;

/**
 * A broker's figures by name. A 4.x broker refuses with code 1 (NoSuchElementException) during the first second after its start, until it
 * has taken them once, so a retryable refusal is asked again for a while.
 * @throws TransportError; the signal's reason
 */
export async function runtimeInfo(
  connections: BrokerConnections,
  broker: string,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const deadline = performance.now() + FIRST_FIGURES_MS;
  for (;;) {
    try {
      return await connections.call(broker, getBrokerRuntimeInfo, undefined, { signal });
    } catch (error) {
      const refusedForNow = error instanceof TransportError && error.answered && error.retryable;
      if (!refusedForNow || performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}
