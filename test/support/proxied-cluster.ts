import { TcpProxy } from './tcp-proxy.ts';

export interface ProxiedCluster {
  /** Give these to the client under test: the routes it gets lead through `broker`. */
  readonly nameServers: readonly string[];
  readonly nameServer: TcpProxy;
  readonly broker: TcpProxy;
  close(): Promise<void>;
}

/**
 * Puts a proxy before a running cluster's broker. Brokers tell the name server their own address, so a second proxy before the
 * name server replaces it in the answers, by text of the same length (both ports have five digits).
 */
export async function proxyCluster(cluster: {
  readonly nameServers: readonly string[];
  readonly broker: { readonly address: string };
}): Promise<ProxiedCluster> {
  const broker = await TcpProxy.listen(cluster.broker.address);
  const nameServer = await TcpProxy.listen(cluster.nameServers[0]!, (frame) =>
    replaceAll(frame, cluster.broker.address, broker.address),
  );
  return {
    nameServers: [nameServer.address],
    nameServer,
    broker,
    close: async () => {
      await Promise.all([nameServer.close(), broker.close()]);
    },
  };
}

/** @throws RangeError when the texts differ in length, which would break the frame */
function replaceAll(frame: Buffer, from: string, to: string): Buffer {
  if (from.length !== to.length) throw new RangeError(`${from} and ${to} differ in length`);
  const result = Buffer.from(frame);
  for (let at = result.indexOf(from); at >= 0; at = result.indexOf(from, at + to.length))
    result.write(to, at, 'latin1');
  return result;
}
