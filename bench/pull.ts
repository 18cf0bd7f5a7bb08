import { ByteBudget, MESSAGE_MEMORY } from '../src/pump/byte-budget.ts';
import { PullAhead } from '../src/pump/pull-ahead.ts';
import type { Meter } from './meter.ts';
import type { Cluster, Queue } from '../src/transport/types.ts';

/** Reads all queues to their end as the pump does, and does nothing with the messages. @throws TransportError */
export async function pullAll(cluster: Cluster, queues: readonly Queue[], meter: Meter): Promise<void> {
  const reader = cluster.openSource();
  const budget = new ByteBudget(MESSAGE_MEMORY);
  try {
    await Promise.all(
      queues.map(async (queue) => {
        const { min, max } = await reader.range(queue);
        const reading = new PullAhead({ reader, queue, from: min, until: max, budget });
        let next = min;
        for (let answer = await reading.take(); answer; answer = await reading.take()) {
          meter.add(answer.nextOffset - next);
          next = answer.nextOffset;
        }
        reading.close();
      }),
    );
  } finally {
    reader.close();
  }
}
