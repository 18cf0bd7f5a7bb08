import { Context } from '@temporalio/activity';
import { Attempt } from '../../src/temporal/attempt.ts';
import type { ActivityDependencies } from '../dependencies.ts';

/** How long an answer of Temporal's counts. ms */
const CONFIRMED_MS = 1000;

/**
 * For activities whose effect must not come after its undoing, or after a later one's: awaited right before each write, it asks Temporal whether this
 * attempt still counts. A process that was frozen has been replaced.
 */
export function assertCurrent({ client }: ActivityDependencies): () => Promise<void> {
  const attempt = new Attempt(Context.current(), client);
  let confirmedAt = -Infinity;
  return async () => {
    const asked = performance.now();
    if (asked - confirmedAt < CONFIRMED_MS) return;
    if ((await attempt.standing()) === 'superseded') throw new Error('another attempt of this activity has taken over');
    if (attempt.ended.aborted) throw new Error('this activity was told to end');
    confirmedAt = asked;
  };
}
