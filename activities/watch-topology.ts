import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { topologyChanges } from '../src/pump/prepare/topology-changes.ts';
import type { SurplusPump, Watched, WatchInput } from '../src/replication/topology.ts';
import { placementOf, surplusPumps } from '../src/temporal/placement.ts';
import { beating } from './beating.ts';
import type { ActivityDependencies } from './dependencies.ts';

const LOOK_EVERY_MS = 15_000;
const STINT_MS = 6 * 3600 * 1000;

/**
 * What is seen twice in a row counts: an operator who adds a topic to one broker after the other gets one map of all of them, and pumps that
 * are just being dealt out are not moved.
 */
export async function watchTopology(dependencies: ActivityDependencies, input: WatchInput): Promise<Watched> {
  const over = performance.now() + STINT_MS;
  let before: Watched = { changes: [], surplus: [] };
  return await beating(async (signal) => {
    while (performance.now() < over) {
      const now = await look(dependencies, input);
      const seen = { changes: same(before.changes, now.changes), surplus: same(before.surplus, now.surplus) };
      if (seen.changes.length > 0 || seen.surplus.length > 0) return seen;
      before = now;
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
    return { changes: [], surplus: [] };
  });
}

/** What cannot be seen now is looked at again next time; the pumps tell what is wrong with a cluster. */
async function look(dependencies: ActivityDependencies, input: WatchInput): Promise<Watched> {
  const [changes, surplus] = await Promise.all([
    changesOn(dependencies, input).catch(() => []),
    surplusOf(dependencies, input).catch(() => []),
  ]);
  return { changes, surplus };
}

async function changesOn({ openCluster }: ActivityDependencies, input: WatchInput): Promise<readonly string[]> {
  return await topologyChanges(openCluster(input.source), input);
}

async function surplusOf({ client }: ActivityDependencies, { settled }: WatchInput): Promise<readonly SurplusPump[]> {
  if (!settled) return [];
  const { workflowId } = Context.current().info.workflowExecution!;
  return surplusPumps(await placementOf(client, workflowId), settled, Date.now());
}

function same<T>(before: readonly T[], now: readonly T[]): readonly T[] {
  return JSON.stringify(before) === JSON.stringify(now) ? now : [];
}
