import { type RequestKind, call } from '../../remoting/call.ts';
import type { Connection } from '../../remoting/network/connection.ts';
import { TransportError } from '../errors.ts';
import type { BrokerDirectory } from './broker-directory.ts';
import { REQUEST_TIMEOUT_MS } from './limits.ts';
import { type PeerOptions, connectionTo } from './peer.ts';
import { notSent, transportFailure } from './transport-failure.ts';
import { within } from './within.ts';

export interface CallOptions {
  /** For everything, finding the broker included. ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** One connection to the master of each broker that is called; it follows a master that moves. */
export class BrokerConnections {
  readonly #options: PeerOptions;
  readonly #directory: BrokerDirectory;
  readonly #connections = new Map<string, Connection>();
  readonly #onLost: (broker: string) => void;
  readonly #closed = new AbortController();

  constructor(options: PeerOptions, directory: BrokerDirectory, onLost: (broker: string) => void = () => undefined) {
    this.#options = options;
    this.#directory = directory;
    this.#onLost = onLost;
  }

  /** @throws TransportError; the signal's reason */
  async call<Arguments, Result>(
    broker: string,
    kind: RequestKind<Arguments, Result>,
    args: Arguments,
    { timeoutMs = REQUEST_TIMEOUT_MS, signal }: CallOptions = {},
  ): Promise<Result> {
    const { cluster, credentials } = this.#options;
    const started = performance.now();
    const address = this.#directory.knownMaster(broker) ?? (await this.#find(broker, kind.name, timeoutMs, signal));
    const connection = this.#connection(broker, address);
    const leftMs = Math.round(timeoutMs - (performance.now() - started));
    try {
      return await call(connection, kind, args, { timeoutMs: leftMs, signal, credentials });
    } catch (error) {
      const failure = transportFailure(error, `cluster ${cluster}, broker ${broker}`);
      if (failure instanceof TransportError && !failure.answered) this.#directory.doubt(broker);
      throw failure;
    }
  }

  /** Cuts the connection to this broker with a TCP reset; what is under way on it fails. */
  reset(broker: string): void {
    this.#connections.get(broker)?.reset();
  }

  close(): void {
    this.#closed.abort(notSent(`cluster ${this.#options.cluster}: this side closed its connections`, 'none'));
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  async #find(broker: string, request: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<string> {
    const late = () =>
      notSent(
        `cluster ${this.#options.cluster}, broker ${broker}: ${request} was not sent, no name server answered within ${timeoutMs} ms`,
        'name servers',
      );
    const signals = signal ? [signal, this.#closed.signal] : [this.#closed.signal];
    return await within(timeoutMs, this.#directory.master(broker), late, signals);
  }

  #connection(broker: string, address: string): Connection {
    this.#closed.signal.throwIfAborted();
    const current = this.#connections.get(broker);
    if (current?.address === address) return current;
    const connection = this.#connect(broker, address);
    connection.onLost(() => {
      this.#onLost(broker);
    });
    this.#connections.set(broker, connection);
    if (current) {
      current.close();
      this.#onLost(broker);
    }
    return connection;
  }

  #connect(broker: string, address: string): Connection {
    try {
      return connectionTo(address, this.#options);
    } catch (error) {
      const where = `cluster ${this.#options.cluster}, broker ${broker}`;
      throw notSent(`${where}: its name servers give no usable address, ${(error as Error).message}`, address, error);
    }
  }
}
