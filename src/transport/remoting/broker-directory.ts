import type { BrokerData } from '../../remoting/requests/broker-data.ts';
import { getBrokerClusterInfo } from '../../remoting/requests/get-broker-cluster-info.ts';
import { DIRECTORY_AGE_MS, SLAVE_DIRECTORY_AGE_MS } from './limits.ts';
import type { NameServers } from './name-servers.ts';
import { notSent } from './transport-failure.ts';

/** Who may answer: the master only, or a slave while the name servers know no master. */
export type ReadFrom = 'master' | 'slave';

/** Where requests to a broker go. */
export interface BrokerPlace {
  /** `host:port` */
  readonly address: string;
  /** There is no master at the moment: a slave may lag behind it, and takes no writes. */
  readonly isSlave: boolean;
}

/**
 * Where the brokers of a cluster are, as its name servers say. Read anew every 30 s while in use (5 s while a slave is), and before the next use after
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

  /** Where the broker is, if that is known without asking anybody. */
  known(broker: string, from: ReadFrom): BrokerPlace | undefined {
    if (this.#doubted.has(broker)) return undefined;
    const place = placeOf(entry(this.#brokers, broker), from);
    const age = place?.isSlave ? SLAVE_DIRECTORY_AGE_MS : DIRECTORY_AGE_MS;
    if (place && performance.now() - this.#readAt > age) void this.#read().catch(ignore);
    return place;
  }

  /** The same, asked anew. @throws TransportError where no name server answers or none knows such a place */
  async find(broker: string, from: ReadFrom): Promise<BrokerPlace> {
    const brokers = await this.#read().catch((error: unknown) => {
      if (this.#brokers) return this.#brokers;
      throw error;
    });
    const place = placeOf(entry(this.#brokers, broker), from);
    if (place) return place;
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

function entry(brokers: readonly BrokerData[] | undefined, name: string): BrokerData | undefined {
  return brokers?.find((broker) => broker.name === name);
}

function placeOf(broker: BrokerData | undefined, from: ReadFrom): BrokerPlace | undefined {
  if (broker?.master !== undefined) return { address: broker.master, isSlave: false };
  const slave = from === 'slave' ? broker?.slaves[0] : undefined;
  return slave === undefined ? undefined : { address: slave, isSlave: true };
}

function ignore(): void {
  // the list read last keeps serving
}
