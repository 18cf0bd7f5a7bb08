import { EXAMPLE_TOPIC } from '../stack/example-config.ts';
import type { StackStatus } from '../stack/stack-status.ts';

const QUEUES = 4;
const CONFIG = { readQueues: QUEUES, writeQueues: QUEUES, perm: 6, order: false, attributes: {} };

/** The topic that the stack's configuration copies: the clusters begin empty, and create none by themselves. @throws TransportError */
export async function createExampleTopic({ clusters }: Pick<StackStatus, 'clusters'>): Promise<void> {
  const { openRemotingCluster } = await import('../transport/remoting/cluster.ts');
  const east = openRemotingCluster({ name: 'east', nameServers: clusters.east.nameServers });
  try {
    if (await east.admin.topic(EXAMPLE_TOPIC)) return;
    for (const { name } of await east.admin.brokers()) await east.admin.putTopic(name, EXAMPLE_TOPIC, CONFIG);
  } finally {
    east.close();
  }
}
