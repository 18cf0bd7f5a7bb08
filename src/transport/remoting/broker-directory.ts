import type { BrokerData } from '../../remoting/requests/broker-data.ts';
import { getBrokerClusterInfo } from '../../remoting/requests/get-broker-cluster-info.ts';
import { DIRECTORY_AGE_MS } from './limits.ts';
import type { NameServers } from './name-servers.ts';
import { notSent } from './transport-failure.ts';

/**
 * Where the brokers of a cluster are, as its name servers say. Read anew every 30 s while in use, and before the next use after
 * `doubt()` of a broker; what was read last keeps serving while no name server answers or knows that broker.
 */
export class BrokerDirectory {
  readonly #cluster: string;
  readonly #nameServers: NameServers;
  #brokers: readonly BrokerData[] | undefined;
  #readAt = 0;
  readonly #doubted = new Set<string>();
  #reading: Promise<readonly BrokerData[]> | undefined;

  constructor(cluster: string, nameServers: NameServers) {
    this.#cluster = cluster;
    this.#nameServers = nameServers;
  }

  /** All brokers by name, as of now. @throws TransportError */
  async brokers(): Promise<readonly BrokerData[]> {
    return await this.#read();
  }

  /** The master's address if it is known without asking anybody. */
  knownMaster(broker: string): string | undefined {
    if (this.#doubted.has(broker)) return undefined;
    const address = find(this.#brokers, broker)?.master;
    if (address !== undefined && performance.now() - this.#readAt > DIRECTORY_AGE_MS) void this.#read().catch(ignore);
    return address;
  }

  /** The master's address, `host:port`. @throws TransportError where no name server answers or none knows a master */
  async master(broker: string): Promise<string> {
    const brokers = await this.#read().catch((error: unknown) => {
      if (this.#brokers) return this.#brokers;
      throw error;
    });
    const address = find(this.#brokers, broker)?.master;
    if (address !== undefined) return address;
    const known = brokers.map(({ name, master }) => (master === undefined ? `${name} (no master)` : name));
    throw notSent(
      `cluster ${this.#cluster}: its name servers know no master of broker ${broker}; they know ${known.join(', ') || 'no broker'}`,
      this.#nameServers.addresses,
    );
  }

  /** This broker did not answer: it may have moved. Calls to the others do not wait for that. */
  doubt(broker: string): void {
    this.#doubted.add(broker);
  }

  #read(): Promise<readonly BrokerData[]> {
    this.#reading ??= this.#nameServers
      .call(getBrokerClusterInfo, undefined)
      .then((brokers) => {
        brokers.sort((a, b) => (a.name < b.name ? -1 : 1));
        this.#brokers = withMissing(brokers, this.#brokers ?? []);
        return brokers;
      })
      .finally(() => {
        this.#readAt = performance.now();
        this.#doubted.clear();
        this.#reading = undefined;
      });
    return this.#reading;
  }
}

/** A name server that has just started knows brokers only as they register again, which takes up to 30 s. */
function withMissing(brokers: readonly BrokerData[], before: readonly BrokerData[]): BrokerData[] {
  const names = new Set(brokers.map(({ name }) => name));
  return [...brokers, ...before.filter(({ name }) => !names.has(name))];
}

function find(brokers: readonly BrokerData[] | undefined, name: string): BrokerData | undefined {
  return brokers?.find((broker) => broker.name === name);
}

function ignore(): void {
  // the list read last keeps serving
}
