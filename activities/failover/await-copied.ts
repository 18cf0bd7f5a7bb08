import { setTimeout as sleep } from 'node:timers/promises';
import { behindCut } from '../../src/failover/cut.ts';
import { flowGroup } from '../../src/replication/names.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { AwaitCopiedInput } from './types.ts';

const LOOK_EVERY_MS = 100;

/** See `FailoverActivities.awaitCopied`. Waits until it is cancelled. */
export async function awaitCopied(
  { openCluster }: ActivityDependencies,
  { cut, ...flow }: AwaitCopiedInput,
  signal: AbortSignal,
): Promise<void> {
  const { admin } = openCluster(flow.source);
  while ((await behindCut(admin, flowGroup(flow), cut)) > 0) await sleep(LOOK_EVERY_MS, undefined, { signal });
}
