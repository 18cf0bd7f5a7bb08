import type { FlowKnowledge } from './flow-knowledge.ts';
import type { ReplicationInput } from './input.ts';

/** What the `prepare` activity needs: what is known so far, and what is wanted. Everything is checked before anything is created. */
export interface PrepareInput extends FlowKnowledge {
  readonly input: ReplicationInput;
  /**
   * Topics that are not in the map appeared while the replication was under way, so all of their messages are to be copied. Otherwise they
   * begin at the replication's `start`.
   */
  readonly discovering: boolean;
}

/** A topic that a pattern matches and that cannot be copied. */
export interface LeftOut {
  readonly topic: string;
  /** A sentence. */
  readonly reason: string;
}

/** What is known then; where a journal knew more than the workflow, it counts. */
export interface Prepared extends Pick<FlowKnowledge, 'map' | 'starts'> {
  /** The first ones, because they ride in workflow state; absent where there are none. */
  readonly leftOut?: readonly LeftOut[];
  /** The task was reversed before: it has a flow back, of which a new workflow does not know yet. */
  readonly goesBack?: true;
  /** These are absent where nothing is journaled. */
  readonly epoch?: number;
  readonly revision?: number;
  readonly histories?: FlowKnowledge['histories'];
  /** See `FlowKnowledge.primary`. */
  readonly primary?: string;
}
