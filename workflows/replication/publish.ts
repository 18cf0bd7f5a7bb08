import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { proxyLocalActivities, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/types.ts';
import { SEARCH_ATTRIBUTES, type SearchAttributeName } from '../../src/replication/search-attributes.ts';
import type { Task } from './task.ts';
import { detailsOf, healthOf } from './views.ts';

const { usableSearchAttributes } = proxyLocalActivities<ControlActivities>({
  startToCloseTimeout: '5s',
  retry: { maximumAttempts: 2 },
});

/** Shows the task where operators look: the details in Temporal's UI, and search attributes where the namespace has them. */
export class Publisher {
  readonly #task: Task;
  readonly #published = new Map<SearchAttributeName, string>();
  #usable: readonly SearchAttributeName[] = [];

  constructor(task: Task) {
    this.#task = task;
  }

  /** An attribute that the namespace does not know would fail every workflow task, so the worker is asked first. */
  async learnSearchAttributes(): Promise<void> {
    const usable = await usableSearchAttributes().catch((): readonly string[] => []);
    this.#usable = SEARCH_ATTRIBUTES.filter((name) => usable.includes(name));
    this.publish();
  }

  publish(): void {
    setCurrentDetails(detailsOf(this.#task));
    const { state, input } = this.#task;
    const values: Record<SearchAttributeName, string> = {
      ReplicatorState: state,
      ReplicatorHealth: healthOf(this.#task),
      ReplicatorSource: input.source,
      ReplicatorDestination: input.destination,
    };
    const changed = this.#usable.filter((name) => this.#published.get(name) !== values[name]);
    if (changed.length === 0) return;
    upsertSearchAttributes(
      changed.map((name) => ({
        key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
        value: values[name],
      })),
    );
    for (const name of changed) this.#published.set(name, values[name]);
  }
}
