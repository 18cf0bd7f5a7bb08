import { proxyActivities } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/types.ts';
import { topicsIn } from '../../src/replication/queue-map.ts';
import { causeOf } from './causes.ts';
import { newFlow } from './flow-state.ts';
import type { Task } from './task.ts';

const { retire } = proxyActivities<ControlActivities>({
  // whoever asked is answered within 25 s, and a cluster that is gone must not keep a replication from stopping
  startToCloseTimeout: '10s',
  retry: { maximumAttempts: 2 },
});

/** Cleans up behind a replication that has stopped copying for good. Says what is left to do, where that failed. */
export async function cleanUp({ name, flows, backFrom }: Task): Promise<string | undefined> {
  try {
    const [there] = flows;
    const noted = backFrom && there ? [newFlow(there.destination, there.source)] : [];
    for (const { source, destination, map } of [...flows, ...noted]) {
      const topics = topicsIn(map);
      await retire({ replication: name, source, destination, topics });
    }
    return undefined;
  } catch (error) {
    return (
      `stopped, but its consumer groups could not be removed: ${causeOf(error)}; ` +
      `replicator stop ${name} --retire does it later`
    );
  }
}
