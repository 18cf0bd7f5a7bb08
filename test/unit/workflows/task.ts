import { replicationInput } from '../../../src/replication/input.ts';
import { NO_COUNTERS, type PumpReport } from '../../../src/replication/messages.ts';
import { layShards, newTask, type Task } from '../../../workflows/replication/task.ts';
import { INPUT, MAP } from '../../support/replication-rig.ts';

export const NOW = '2026-01-01T00:00:00.000Z';

/** A running task of two shards: `orders` and `payments`, two queues each. */
export function runningTask(): Task {
  const task = newTask('orders', replicationInput.parse(INPUT), NOW);
  task.map = MAP;
  task.state = 'RUNNING';
  task.prepared = true;
  layShards(task);
  task.shards.forEach((shard, index) => (shard.pump = `run/pump-${index}`));
  return task;
}

export function reportOf(shard: number, report: Partial<PumpReport> = {}): PumpReport {
  return { shard, pump: `run/pump-${shard}`, blocked: [], counters: NO_COUNTERS, troubles: [], ...report };
}
