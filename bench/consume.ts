import { ByteBudget, MESSAGE_MEMORY } from '../src/pump/byte-budget.ts';
import { PullAhead } from '../src/pump/pull-ahead.ts';
import { openRemotingCluster } from '../src/transport/remoting/cluster.ts';
import type { ConsumeJob } from './pump-messages.ts';

/** Reads each queue from its beginning with long polls. When each message came, ms since 1970, by queue. @throws TransportError */
export async function consume({ nameServers, queues, messages }: ConsumeJob): Promise<number[][]> {
  const cluster = openRemotingCluster({ name: 'consumed', nameServers });
  const reader = cluster.openSource();
  const budget = new ByteBudget(MESSAGE_MEMORY);
  const each = messages / queues.length;
  try {
    return await Promise.all(
      queues.map(async (queue) => {
        const reading = new PullAhead({ reader, queue, from: 0, budget });
        const arrived: number[] = [];
        while (arrived.length < each) {
          const answer = await reading.take();
          const now = Date.now();
          while (arrived.length < answer!.nextOffset) arrived.push(now);
        }
        reading.close();
        return arrived;
      }),
    );
  } finally {
    reader.close();
    cluster.close();
  }
}
