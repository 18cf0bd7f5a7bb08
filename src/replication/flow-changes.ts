/** What is done to a flow because an operator said so, beside copying. */

import type { FlowKnowledge } from './flow-knowledge.ts';
import type { ReplicationInput } from './input.ts';
import type { Queue, QueueRange } from './queue-map.ts';

/** What the `redrive` activity needs. */
export interface RedriveInput {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
  /** The queues of the topic to be redriven. */
  readonly queues: readonly QueueRange[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

/** A source queue that goes on elsewhere or from elsewhere, because an operator said so. */
export interface RedirectInput {
  /** What is known of the flow then. */
  readonly known: FlowKnowledge;
  readonly queue: Queue;
  /** Source offset at which copying goes on. */
  readonly start: number;
  /** The destination queue, where that changes. */
  readonly to?: Queue;
  /** What becomes of messages that cannot be copied; `block` if absent. */
  readonly onPoison?: ReplicationInput['onPoison'];
}

/** What a replication that is not to be started again leaves behind. */
export interface RetireInput {
  readonly replication: string;
  readonly source: string;
  readonly destination: string;
  /** Of which queues were copied. */
  readonly topics: readonly string[];
}
