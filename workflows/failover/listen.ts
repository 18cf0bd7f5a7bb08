import { defineQuery, defineSignal, setDefaultSignalHandler, setHandler } from '@temporalio/workflow';
import { FAILOVER_SIGNALS, type FailoverStatus } from '../../src/replication/failover/messages.ts';
import { planOf, type PlannedStep } from '../../src/replication/failover/plan.ts';
import type { Course } from './course.ts';

/** Sets the handlers of signals and queries; they only note. */
export function listen(course: Course): void {
  setHandler(
    defineSignal<unknown[]>('producersStopped'),
    (said) => {
      course.said.producersStopped ??= byWhom(said);
    },
    { description: 'With fence: external: no producer writes to the source any more; { by?, reason? }.' },
  );
  setHandler(
    defineSignal<unknown[]>('confirm'),
    (said) => {
      course.said.confirm ??= byWhom(said);
    },
    { description: 'With confirm: go on beyond the point of no return; { by?, reason? }.' },
  );
  setHandler(
    defineSignal<unknown[]>('abort'),
    (said) => {
      course.abort(`aborted${byWhom(said)}`);
    },
    { description: 'Put everything back; before the point of no return only: { by?, reason? }.' },
  );
  setDefaultSignalHandler((name) => {
    course.warnings.push(`${name.slice(0, 100)}: no such signal; known signals: ${FAILOVER_SIGNALS.join(', ')}`);
  });
  setHandler(defineQuery<FailoverStatus>('status'), () => course.status(), {
    description: 'Steps with times and results, and what it waits for.',
  });
  setHandler(defineQuery<readonly PlannedStep[]>('plan'), () => planOf(course.input), {
    description: 'What it does, in this order.',
  });
}

/** At most one JSON object, but whatever comes with it, a word is a word. */
function byWhom(said: unknown): string {
  const { by, reason } = (said ?? {}) as { readonly by?: unknown; readonly reason?: unknown };
  const who = typeof by === 'string' ? ` by ${by.slice(0, 200)}` : '';
  const why = typeof reason === 'string' ? `: ${reason.slice(0, 500)}` : '';
  return `${who}${why}`;
}
