/** Proxies that make a cluster far away, in a process of their own, so that what is measured does not wait for them. */
import { proxyCluster } from '../test/support/proxied-cluster.ts';
import type { FarJob, FarAnswer } from './far.ts';

process.on('message', (job: FarJob) => {
  void start(job)
    .catch((error: unknown): FarAnswer => ({ error: (error as Error).message }))
    .then((answer) => process.send!(answer));
});
process.on('disconnect', () => process.exit());

async function start({ nameServers, brokerAddress, roundTripMs }: FarJob): Promise<FarAnswer> {
  const proxied = await proxyCluster({ nameServers, broker: { address: brokerAddress } });
  proxied.broker.latencyMs = roundTripMs / 2;
  return { nameServers: proxied.nameServers };
}
