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

/**
 * A broker's clock, ms since 1970, cut to whole seconds: when its store was started, and for how long it has run since, as in
 * `[ 0 days, 1 hours, 2 minutes, 3 seconds ]` (StoreStatsService.getFormatRuntime). `undefined` where it tells neither.
 */
export function clockOf({ bootTimestamp, runtime = '' }: Readonly<Record<string, string>>): number | undefined {
  const parts = /(\d+) days, (\d+) hours, (\d+) minutes, (\d+) seconds/.exec(runtime.replaceAll(/(?<=\d),(?=\d)/g, ''));
  if (!parts || bootTimestamp === undefined) return undefined;
  const [days, hours, minutes, seconds] = parts.slice(1).map(Number) as [number, number, number, number];
  return Number(bootTimestamp) + (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
