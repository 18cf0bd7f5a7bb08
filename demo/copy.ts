import { join } from 'node:path';
import { workflowId } from '../src/replication/names.ts';
import { stackServers } from '../src/stack/stack.ts';
import { check, type Checked } from './check.ts';
import { createTopic, onlyBroker, queuesOn } from './clusters.ts';
import { DemoFailed } from './failure.ts';
import { give } from './operator.ts';
import { OrderProducer, type Ledger } from './order-producer.ts';
import { TAG, type Scene } from './scene.ts';
import { thousands } from './text.ts';
import { Watch } from './watch.ts';
import { WorkerProcess } from './worker-process.ts';

export const QUEUES = 4;
/** From the start of the replication to the end of its backlog; and from the end of producing to the last copy. */
const CATCH_UP_LIMIT_MS = 120_000;

export interface Copied extends Checked {
  readonly killedWorkers: number;
}

/**
 * The first part: a topic is produced to on `east` and copied to `west`, the worker that copies it is killed, another one goes on, and in the end
 * both logs are compared. Leaves a worker at work, and the replication paused. @throws DemoFailed, TransportError, the signal's reason
 */
export async function copy(scene: Scene): Promise<{ readonly copied: Copied; readonly acknowledged: Ledger }> {
  const { options, screen, cleanup, signal, folder, name, operator, client, clusters } = scene;
  const { east, west } = clusters;
  const startWorker = (number: number): WorkerProcess => {
    const worker = new WorkerProcess(number, operator, folder);
    cleanup.add(() => worker.stop());
    return worker;
  };
  let worker = startWorker(1);
  await worker.ready(signal);
  screen.step(`worker 1 runs (process ${worker.pid})`);

  await east.admin.createGroup(scene.group);
  const from = await createTopic(east, name, QUEUES);
  const to = queuesOn(await onlyBroker(west), name, QUEUES);
  const writer = east.openDestination();
  cleanup.add(() => {
    writer.close();
  });
  const producer = new OrderProducer(writer, from, options.rate, scene.nextOrder);
  const stopProducing = new AbortController();
  const producedFrom = performance.now();
  let failure: Error | undefined;
  const producing = producer.run(AbortSignal.any([signal, stopProducing.signal])).catch((error: unknown) => {
    failure = error as Error;
  });
  cleanup.add(async () => {
    stopProducing.abort();
    await producing;
  });
  screen.step(`an application produces ${thousands(options.rate)} orders a second to topic ${name} on east`);

  screen.step(`$ replicator start ${name}`);
  // Nothing of the demo goes on in the background; after an orderly stop there is nothing left to terminate.
  cleanup.add(async () => {
    await client.workflow
      .getHandle(workflowId(name))
      .terminate('the demo was ended')
      .catch(() => undefined);
  });
  await give(operator, 'start', name, 'demo', signal);
  const watch = new Watch({
    name,
    source: east.admin,
    destination: west.admin,
    from,
    to,
    client,
    screen,
    signal,
    assertAll: () => {
      if (failure) throw failure;
      worker.assertRuns();
    },
  });
  // Half a second's orders are always under way between the two samples.
  const fresh = Math.max(32, options.rate / 2);
  await watch.until('the copy did not catch up', CATCH_UP_LIMIT_MS, ({ copied, lag }) => copied > 0 && lag <= fresh);
  const caughtUp = Date.now();
  screen.step('caught up: each order is copied as it comes');
  const passed = () => performance.now() - producedFrom;
  const half = Math.max((options.seconds * 1000) / 2, passed() + 2000);
  await watch.until('producing stopped', half * 2, () => passed() >= half);

  await assertPumpRunsIn(worker, watch);
  const killed = Date.now();
  await worker.kill();
  screen.step(`killed worker 1 with SIGKILL in the middle of it; worker 2 starts`);
  worker = startWorker(2);
  const end = Math.max(options.seconds * 1000, passed() + 1000);
  await watch.until('producing stopped', end * 2, () => passed() >= end);
  stopProducing.abort();
  await producing;
  screen.step(`the application ends: ${thousands(producer.acknowledged)} orders acknowledged by east`);
  await watch.until('the copy did not become complete', CATCH_UP_LIMIT_MS, ({ lag }) => lag === 0);
  screen.step(`everything is copied; $ replicator pause ${name}`);
  await give(operator, 'pause', name, 'the logs are compared', signal);

  screen.step('comparing the logs of both brokers, message by message');
  const servers = await stackServers({ progress: () => undefined });
  const store = (cluster: 'east' | 'west') => join(servers.clusters[cluster].broker.folder, 'store');
  const checked = await check(
    { source: store('east'), destination: store('west') },
    { topic: name, ledger: producer.ledger, tag: TAG, moments: { caughtUp, killed } },
  );
  return { copied: { ...checked, killedWorkers: 1 }, acknowledged: producer.ledger };
}

/** The kill proves something only if it hits the process that copies. @throws DemoFailed */
async function assertPumpRunsIn(worker: WorkerProcess, watch: Watch): Promise<void> {
  const identity = await watch.pumpWorker();
  if (identity?.startsWith(`${worker.pid}@`)) return;
  throw new DemoFailed(
    identity === undefined
      ? 'nothing copies any more, though the replication runs; look at replicator status'
      : `another worker than the demo's does the copying (${identity}): stop it, then run the demo again`,
  );
}
