import type { Credentials } from '../../remoting/call.ts';
import { Connection } from '../../remoting/network/connection.ts';
import { parseAddress } from '../../remoting/network/open-link.ts';

/** What every connection to a cluster needs to know. */
export interface PeerOptions {
  readonly cluster: string;
  readonly credentials: Credentials | undefined;
  readonly tls: boolean;
}

/**
 * A connection to a server of the cluster. With TLS the certificate is not verified, as official clients do by default
 * (`tls.client.authServer=false`): brokers come with a self-signed one.
 * @throws RangeError for an address that is not `host:port`
 */
export function connectionTo(address: string, { tls }: PeerOptions): Connection {
  return new Connection({ ...parseAddress(address), ...(tls ? { tls: { rejectUnauthorized: false } } : {}) });
}
