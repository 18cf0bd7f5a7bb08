import { replicationInput } from '../../../src/replication/input.ts';
import { NO_COUNTERS, type PumpReport } from '../../../src/replication/messages.ts';
import { layShards, type FlowState } from '../../../workflows/replication/flow-state.ts';
import { newTask, type Task } from '../../../workflows/replication/task.ts';
import { INPUT, MAP } from '../../support/replication-rig.ts';

export const NOW = '2026-01-01T00:00:00.000Z';

/** A running task of two shards: `orders` and `payments`, two queues each. */
export function runningTask(): Task {
  const task = newTask('orders', replicationInput.parse(INPUT), NOW);
  task.state = 'RUNNING';
  const flow = onlyFlow(task);
  flow.map = MAP;
  flow.prepared = true;
  layShards(flow, task.input.parallelism);
  flow.shards.forEach((shard, index) => (shard.pump = `run/pump-${index}`));
  return task;
}

export function onlyFlow(task: Task): FlowState {
  return task.flows[0]!;
}

export function reportOf(shard: number, report: Partial<PumpReport> = {}): PumpReport {
  return { shard, pump: `run/pump-${shard}`, blocked: [], counters: NO_COUNTERS, troubles: [], ...report };
}
