import { type RequestKind, call } from '../../remoting/call.ts';
import type { Connection } from '../../remoting/network/connection.ts';
import { TransportError } from '../errors.ts';
import type { BrokerDirectory, BrokerPlace, ReadFrom } from './broker-directory.ts';
import { REQUEST_TIMEOUT_MS } from './limits.ts';
import { type PeerOptions, connectionTo } from './peer.ts';
import { notSent, transportFailure } from './transport-failure.ts';
import { within } from './within.ts';

export interface CallOptions {
  /** For everything, finding the broker included. ms. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that may come from a slave: `slave` is its address then. */
export interface ReadAnswer<Result> {
  readonly answer: Result;
  readonly slave: string | undefined;
}

/** One connection to the master of each broker that is called; it follows a master that moves. Reads may go to a slave meanwhile. */
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
    options: CallOptions = {},
  ): Promise<Result> {
    return (await this.read('master', broker, kind, args, options)).answer;
  }

  /** @throws TransportError; the signal's reason */
  async read<Arguments, Result>(
    from: ReadFrom,
    broker: string,
    kind: RequestKind<Arguments, Result>,
    args: Arguments,
    { timeoutMs = REQUEST_TIMEOUT_MS, signal }: CallOptions = {},
  ): Promise<ReadAnswer<Result>> {
    const { cluster, credentials } = this.#options;
    const started = performance.now();
    const place = this.#directory.known(broker, from) ?? (await this.#find(broker, from, kind.name, timeoutMs, signal));
    const connection = this.#connection(broker, place);
    const leftMs = Math.round(timeoutMs - (performance.now() - started));
    try {
      const answer = await call(connection, kind, args, { timeoutMs: leftMs, signal, credentials });
      return { answer, slave: place.isSlave ? place.address : undefined };
    } catch (error) {
      const role = place.isSlave ? 'slave of broker' : 'broker';
      const failure = transportFailure(error, `cluster ${cluster}, ${role} ${broker}`);
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

  async #find(
    broker: string,
    from: ReadFrom,
    request: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<BrokerPlace> {
    const late = () =>
      notSent(
        `cluster ${this.#options.cluster}, broker ${broker}: ${request} was not sent, no name server answered within ${timeoutMs} ms`,
        'name servers',
      );
    const signals = signal ? [signal, this.#closed.signal] : [this.#closed.signal];
    return await within(timeoutMs, this.#directory.find(broker, from), late, signals);
  }

  #connection(broker: string, { address, isSlave }: BrokerPlace): Connection {
    this.#closed.signal.throwIfAborted();
    // no broker's name holds a space
    const key = isSlave ? `${broker} slave` : broker;
    const current = this.#connections.get(key);
    if (current?.address === address) return current;
    const connection = this.#connect(broker, address);
    connection.onLost(() => {
      this.#onLost(broker);
    });
    this.#connections.set(key, connection);
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
