import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { stackDown, stackStatus, stackUp } from '../src/stack/stack.ts';
import type { StackStatus } from '../src/stack/stack-status.ts';
import { JavaConsumers } from '../test/support/java-consumers.ts';
import type { Cleanup } from './cleanup.ts';
import { openClusters, type Clusters } from './clusters.ts';
import { equipOperator, type Operator } from './operator.ts';
import type { DemoOptions } from './options.ts';
import { numbering } from './orders.ts';
import type { Screen } from './screen.ts';

/** What each copy is given by the replication. */
export const TAG = { key: 'region', value: 'east' };

/** Everything that the story is told with. What has to be undone is left in `cleanup`. */
export interface Scene {
  readonly options: DemoOptions;
  readonly screen: Screen;
  readonly cleanup: Cleanup;
  readonly signal: AbortSignal;
  readonly stack: StackStatus;
  /** For files of the demo's own. */
  readonly folder: string;
  /** Of the replication and of its topic. */
  readonly name: string;
  /** The consumer group that moves. */
  readonly group: string;
  readonly operator: Operator;
  readonly client: Client;
  readonly clusters: Clusters;
  readonly consumers: JavaConsumers;
  readonly nextOrder: () => number;
}

/** @throws DemoFailed, StackError, the signal's reason */
export async function setUp(
  options: DemoOptions,
  screen: Screen,
  cleanup: Cleanup,
  signal: AbortSignal,
): Promise<Scene> {
  const stack = await startStack(screen, cleanup);
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'replicator-demo-'));
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  const name = `orders-${new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')}`;
  const group = `billing-${name}`;
  const operator = await equipOperator(folder, stack, name, {
    source: 'east',
    destination: 'west',
    topics: [name],
    groups: [group],
    start: 'earliest',
    tags: [TAG],
  });
  const connection = await Connection.connect({ address: stack.temporal.address });
  cleanup.add(() => connection.close());
  const client = new Client({ connection });
  const clusters = openClusters(stack);
  cleanup.add(() => {
    clusters.east.close();
    clusters.west.close();
  });
  const consumers = await JavaConsumers.start();
  cleanup.add(() => consumers.close());
  const told = { options, screen, cleanup, signal, stack, folder, name, group };
  return { ...told, operator, client, clusters, consumers, nextOrder: numbering() };
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
