import { hostname } from 'node:os';
import { Runtime, Worker } from '@temporalio/worker';
import { createControlActivities, createPumpActivities } from '../../activities/create-activities.ts';
import { createFailoverActivities } from '../../activities/failover/create-failover-activities.ts';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import type { WorkerRole } from '../config/schema.ts';
import type { LoadedConfig } from '../config/types.ts';
import { createLogger } from '../observability/logger.ts';
import { temporalLog } from '../observability/temporal-log.ts';
import { ByteBudget, MESSAGE_MEMORY } from '../pump/byte-budget.ts';
import { connectTemporal, type TemporalConnections } from '../temporal/connect.ts';
import { provideSearchAttributes } from '../temporal/search-attributes.ts';
import { CONTROL_OPTIONS, pumpOptions } from '../temporal/worker-options.ts';
import { Clusters } from './clusters.ts';
import { keepHeapCompact } from './compact-heap.ts';
import { workflowCode } from './workflow-code.ts';

export interface RunWorkerOptions {
  /** `control`: workflows and short activities; `pump`: pumps. */
  readonly role: WorkerRole;
}

/**
 * Works until SIGTERM or SIGINT; then pumps give back their locks, so that other workers take over at once.
 * @throws Error when Temporal cannot be reached at the start
 */
export async function runWorker(config: LoadedConfig, { role }: RunWorkerOptions): Promise<void> {
  keepHeapCompact();
  const logger = createLogger();
  Runtime.install({ logger: temporalLog(logger), shutdownSignals: [] });
  const temporal = await connectTemporal();
  const clusters = new Clusters(config);
  try {
    const searchAttributes = await provideSearchAttributes(temporal.connection, temporal.namespace);
    const workers = await createWorkers(temporal, role, config.worker.pumpSlots, {
      client: temporal.client,
      identity: `${process.pid}@${hostname()}`,
      openCluster: (name) => clusters.open(name),
      budget: new ByteBudget(MESSAGE_MEMORY),
      usableSearchAttributes: () => provideSearchAttributes(temporal.connection, temporal.namespace),
    });
    logger.info({ role, address: temporal.address, namespace: temporal.namespace, searchAttributes }, 'worker started');
    await runUntilSignal(workers);
    logger.info('worker stopped');
  } finally {
    clusters.close();
    await temporal.close();
  }
}

async function createWorkers(
  { native, namespace }: TemporalConnections,
  role: WorkerRole,
  pumpSlots: number,
  dependencies: ActivityDependencies,
): Promise<Worker[]> {
  const common = { connection: native, namespace, identity: dependencies.identity };
  const workers: Worker[] = [];
  if (role !== 'pump')
    workers.push(
      await Worker.create({
        ...common,
        ...CONTROL_OPTIONS,
        workflowBundle: await workflowCode(),
        activities: { ...createControlActivities(dependencies), ...createFailoverActivities(dependencies) },
      }),
    );
  if (role !== 'control')
    workers.push(
      await Worker.create({
        ...common,
        ...pumpOptions(pumpSlots),
        activities: createPumpActivities(dependencies),
      }),
    );
  return workers;
}

/** Ends when a signal asks for it, or with the failure of one of the workers, after the others were shut down. */
async function runUntilSignal(workers: readonly Worker[]): Promise<void> {
  const shutDown = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  process.on('SIGTERM', shutDown).on('SIGINT', shutDown);
  try {
    const results = await Promise.allSettled(workers.map((worker) => worker.run().finally(shutDown)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  } finally {
    process.off('SIGTERM', shutDown).off('SIGINT', shutDown);
  }
}
