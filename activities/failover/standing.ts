import { Context } from '@temporalio/activity';
import { Attempt } from '../../src/temporal/attempt.ts';
import type { ClusterAdmin } from '../../src/transport/types.ts';
import type { ActivityDependencies } from '../dependencies.ts';

/** How long an answer of Temporal's counts. ms */
const CONFIRMED_MS = 1000;

const WRITES: readonly PropertyKey[] = ['putTopic', 'putGroup', 'setBrokerConfig'] satisfies (keyof ClusterAdmin)[];

type Method = (...args: readonly unknown[]) => unknown;

/**
 * Changes settings only while this attempt of the activity counts: right before each write Temporal is asked. A process that was frozen has been replaced,
 * and when it wakes, its effect must not come after its undoing or after a later one's.
 */
export function whileCurrent(dependencies: ActivityDependencies, cluster: string): ClusterAdmin {
  return guarded(dependencies.openCluster(cluster).admin, standing(dependencies));
}

/** The same cluster, but that it awaits `assertCurrent` before it changes settings. */
export function guarded(cluster: ClusterAdmin, assertCurrent: () => Promise<void>): ClusterAdmin {
  return new Proxy(cluster, {
    get: (admin, name): Method => {
      const method = (Reflect.get(admin, name) as Method).bind(admin);
      if (!WRITES.includes(name)) return method;
      return async (...args) => {
        await assertCurrent();
        return await method(...args);
      };
    },
  });
}

/** @throws Error where this attempt does not count any more */
function standing({ client }: ActivityDependencies): () => Promise<void> {
  const attempt = new Attempt(Context.current(), client);
  let confirmedAt = -Infinity;
  return async () => {
    const asked = performance.now();
    if (asked - confirmedAt < CONFIRMED_MS) return;
    await attempt.assertCurrent();
    if (attempt.ended.aborted) throw new Error('this activity was told to end');
    confirmedAt = asked;
  };
}
