import type { Credentials } from '../../remoting/call.ts';
import type { Cluster, ClusterAdmin, Destination, OffsetSource } from '../types.ts';
import { RemotingAdmin } from './admin.ts';
import { BrokerConnections } from './broker-connections.ts';
import { BrokerDirectory } from './broker-directory.ts';
import { RemotingDestination } from './destination.ts';
import { NameServers } from './name-servers.ts';
import type { PeerOptions } from './peer.ts';
import { RemotingSource } from './source.ts';

export interface RemotingClusterOptions {
  readonly name: string;
  /** `host:port` each. */
  readonly nameServers: readonly string[];
  readonly auth?: Credentials | undefined;
  /** Encrypts every connection; certificates are not verified, as with official clients. */
  readonly tls?: boolean | undefined;
}

/**
 * A cluster that is reached by the remoting protocol. Nothing is sent before the first call.
 * @throws RangeError for a name server that is not `host:port`
 */
export function openRemotingCluster({ name, nameServers, auth, tls = false }: RemotingClusterOptions): Cluster {
  return new RemotingCluster({ cluster: name, credentials: auth, tls }, nameServers);
}

class RemotingCluster implements Cluster {
  readonly name: string;
  readonly admin: RemotingAdmin;
  readonly #options: PeerOptions;
  readonly #nameServers: NameServers;
  readonly #directory: BrokerDirectory;

  constructor(options: PeerOptions, nameServers: readonly string[]) {
    this.name = options.cluster;
    this.#options = options;
    this.#nameServers = new NameServers(nameServers, options);
    this.#directory = new BrokerDirectory(options.cluster, this.#nameServers);
    this.admin = new RemotingAdmin(this.#nameServers, this.#directory, this.#connections());
  }

  openSource(): OffsetSource {
    const connections = this.#connections();
    return new RemotingSource(connections, connections, 'slave');
  }

  openDestination(): Destination {
    const listeners = new Set<(broker: string) => void>();
    const control = this.#connections((broker) => {
      for (const listener of listeners) listener(broker);
    });
    const topicConfig: ClusterAdmin['topicConfig'] = (broker, topic) => this.admin.topicConfig(broker, topic);
    return new RemotingDestination(this.#connections(), control, listeners, topicConfig);
  }

  /** Sources and destinations that are still open stay so until they are closed, but cannot find brokers any more. */
  close(): void {
    this.admin.close();
    this.#nameServers.close();
  }

  #connections(onLost?: (broker: string) => void): BrokerConnections {
    return new BrokerConnections(this.#options, this.#directory, onLost);
  }
}
