import { type RequestKind, call } from '../../remoting/call.ts';
import type { Connection } from '../../remoting/network/connection.ts';
import { TransportError } from '../errors.ts';
import { NAME_SERVER_TIMEOUT_MS } from './limits.ts';
import { type PeerOptions, connectionTo } from './peer.ts';
import { transportFailure } from './transport-failure.ts';

/** The name servers of a cluster. Any of them can answer; the one that did last is asked first. */
export class NameServers {
  readonly addresses: string;
  readonly #options: PeerOptions;
  readonly #connections: readonly Connection[];
  #preferred = 0;

  constructor(addresses: readonly string[], options: PeerOptions) {
    if (addresses.length === 0) throw new RangeError(`cluster ${options.cluster}: no name server given`);
    this.addresses = addresses.join(', ');
    this.#options = options;
    this.#connections = addresses.map((address) => connectionTo(address, options));
  }

  /**
   * Asks one after the other until one answers. One that knows nothing of what was asked (`undefined`) may have just started: brokers register again
   * within 30 s. So that counts only where no other one knows. @throws TransportError of the last one
   */
  async call<Arguments, Result>(kind: RequestKind<Arguments, Result>, args: Arguments): Promise<Result> {
    const { cluster, credentials } = this.#options;
    let failure: unknown;
    let unknown: { readonly result: Result } | undefined;
    for (let tried = 0; tried < this.#connections.length; tried++) {
      const index = (this.#preferred + tried) % this.#connections.length;
      try {
        const timeoutMs = NAME_SERVER_TIMEOUT_MS;
        const result = await call(this.#connections[index]!, kind, args, { timeoutMs, credentials });
        if (result === undefined) {
          unknown = { result };
          continue;
        }
        this.#preferred = index;
        return result;
      } catch (error) {
        failure = transportFailure(error, `cluster ${cluster}, name server`);
        if (!(failure instanceof TransportError) || (failure.answered && !failure.retryable)) break;
      }
    }
    if (unknown) return unknown.result;
    throw failure;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
