import { workflowId } from '../src/replication/names.ts';
import type { Cleanup } from './cleanup.ts';
import { copy, type Copied } from './copy.ts';
import { move, type Moved } from './move.ts';
import { give, type Operator } from './operator.ts';
import type { DemoOptions } from './options.ts';
import { setUp } from './scene.ts';
import type { Screen } from './screen.ts';

export interface DemoResult extends Copied, Moved {
  /** Name of the replication and of its topic. */
  readonly name: string;
  readonly ui: string;
  /** The workflow's page in Temporal's UI. */
  readonly workflow: string;
  /** What `replicator` needs to reach it all. */
  readonly operator: Operator;
}

/**
 * The story: a topic is copied from one cluster to another, the worker that copies it is killed, another one goes on, and both logs are compared.
 * Then the application that produces and consumes it moves to the other cluster. What has to be undone is left in `cleanup`.
 * @throws DemoFailed, StackError, TransportError, the signal's reason
 */
export async function runDemo(
  options: DemoOptions,
  screen: Screen,
  cleanup: Cleanup,
  signal: AbortSignal,
): Promise<DemoResult> {
  const scene = await setUp(options, screen, cleanup, signal);
  const { name, operator, stack } = scene;
  const { copied, acknowledged } = await copy(scene);
  const moved = await move(scene, acknowledged);
  if (options.exit) {
    screen.step(`$ replicator stop ${name}`);
    await give(operator, 'stop', name, 'the demo is over', signal);
  }
  const { ui } = stack.temporal;
  const workflow = `${ui}/namespaces/default/workflows/${encodeURIComponent(workflowId(name))}`;
  return { ...copied, ...moved, name, ui, workflow, operator };
}
