import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { workflowId } from '../src/replication/names.ts';
import { stackDown, stackServers, stackStatus, stackUp } from '../src/stack/stack.ts';
import type { StackStatus } from '../src/stack/stack-status.ts';
import { check, type Checked } from './check.ts';
import type { Cleanup } from './cleanup.ts';
import { createTopic, onlyBroker, openClusters, queuesOn } from './clusters.ts';
import { DemoFailed } from './failure.ts';
import { equipOperator, give, type Operator } from './operator.ts';
import type { DemoOptions } from './options.ts';
import { OrderProducer } from './order-producer.ts';
import type { Screen } from './screen.ts';
import { thousands } from './text.ts';
import { Watch } from './watch.ts';
import { WorkerProcess } from './worker-process.ts';

const QUEUES = 4;
const TAG = { key: 'region', value: 'east' };
/** From the start of the replication to the end of its backlog; and from the end of producing to the last copy. */
const CATCH_UP_LIMIT_MS = 120_000;

export interface DemoResult extends Checked {
  /** Name of the replication and of its topic. */
  readonly name: string;
  readonly killedWorkers: number;
  readonly ui: string;
  /** The workflow's page in Temporal's UI. */
  readonly workflow: string;
  /** What `replicator` needs to reach it all. */
  readonly operator: Operator;
}

/**
 * The story: a topic is produced to on one cluster and copied to another, the worker that copies it is killed, another one goes
 * on, and in the end both logs are compared. What has to be undone is left in `cleanup`.
 * @throws DemoFailed, StackError, TransportError, the signal's reason
 */
export async function runDemo(
  options: DemoOptions,
  screen: Screen,
  cleanup: Cleanup,
  signal: AbortSignal,
): Promise<DemoResult> {
  const stack = await startStack(screen, cleanup);
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'replicator-demo-'));
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  const name = `orders-${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}`;
  const operator = await equipOperator(folder, stack, name, {
    source: 'east',
    destination: 'west',
    topics: [name],
    start: 'earliest',
    tags: [TAG],
  });
  const connection = await Connection.connect({ address: stack.temporal.address });
  cleanup.add(() => connection.close());
  const client = new Client({ connection });
  const { east, west } = openClusters(stack);
  cleanup.add(() => {
    east.close();
    west.close();
  });

  const startWorker = (number: number): WorkerProcess => {
    const worker = new WorkerProcess(number, operator, folder);
    cleanup.add(() => worker.stop());
    return worker;
  };
  let worker = startWorker(1);
  await worker.ready(signal);
  screen.step(`worker 1 runs (process ${worker.pid})`);

  const from = await createTopic(east, name, QUEUES);
  const to = queuesOn(await onlyBroker(west), name, QUEUES);
  const writer = east.openDestination();
  cleanup.add(() => {
    writer.close();
  });
  const producer = new OrderProducer(writer, from, options.rate);
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
  const [command, reason] = options.exit ? ['stop', 'the demo is over'] : ['resume', 'the logs were compared'];
  screen.step(`$ replicator ${command} ${name}`);
  await give(operator, command, name, reason, signal);
  const { ui } = stack.temporal;
  const workflow = `${ui}/namespaces/default/workflows/${encodeURIComponent(workflowId(name))}`;
  return { ...checked, name, killedWorkers: 1, ui, workflow, operator };
}

/** The user's own stack, so that it stays for looking around; stopped at the end only if it did not run before. */
async function startStack(screen: Screen, cleanup: Cleanup): Promise<StackStatus> {
  const progress = (line: string) => {
    screen.step(line);
  };
  if (!stackStatus().running) {
    cleanup.add(async () => {
      await stackDown({ progress });
    });
    screen.step('starting two RocketMQ clusters and Temporal on this machine');
  }
  const stack = await stackUp({ progress, proxies: false });
  screen.step(`the stack runs: RocketMQ clusters east and west, Temporal with its UI at ${stack.temporal.ui}`);
  return stack;
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
