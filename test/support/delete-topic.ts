import { call, type RequestKind } from '../../src/remoting/call.ts';
import { Connection } from '../../src/remoting/network/connection.ts';
import { SUCCESS } from '../../src/remoting/response-codes.ts';
import type { TestCluster } from './servers.ts';

/** Deletes a topic as mqadmin's deleteTopic does: on the broker, then from the name servers. */
export async function deleteTopic(cluster: TestCluster, topic: string): Promise<void> {
  await ask(cluster.broker.address, request(215, 'DELETE_TOPIC_IN_BROKER'), topic);
  for (const address of cluster.nameServers) await ask(address, request(216, 'DELETE_TOPIC_IN_NAMESRV'), topic);
}

function request(code: number, name: string): RequestKind<string, undefined> {
  return { code, name, accepts: [SUCCESS], build: (topic) => ({ fields: { topic } }), read: () => undefined };
}

async function ask(address: string, kind: RequestKind<string, undefined>, topic: string): Promise<void> {
  const [host, port] = address.split(':');
  const connection = new Connection({ host: host!, port: Number(port) });
  try {
    await call(connection, kind, topic, { timeoutMs: 10_000 });
  } finally {
    connection.close();
  }
}
