import type { Flow } from './names.ts';
import type { QueueHistory, QueueRange } from './queue-map.ts';

/** What must not be forgotten of a flow, even if Temporal forgets everything (R12). */
export interface FlowKnowledge extends Flow {
  /** Raised when what Temporal knew was rolled back; a pump of an older epoch stops. */
  readonly epoch: number;
  /** Raised with each change. Of two the one with the higher epoch counts, then the one with the higher revision. */
  readonly revision: number;
  /** Decided once, then only extended, but for queues that an operator remapped. */
  readonly map: readonly QueueRange[];
  /** Source queues whose history changed, by `queueKey`. */
  readonly histories: Readonly<Record<string, QueueHistory>>;
  /**
   * Where copying started, by `queueKey` of the source queue, for those queues of which neither cluster held a checkpoint or a copy. A queue
   * that is missing here goes on from its evidence.
   */
  readonly starts: Readonly<Record<string, number>>;
  /** Of the whole task: the cluster where the application is served, once it was moved. The entry of the task's first flow decides. */
  readonly primary?: string;
}

/** Whether the flow has begun, or at least where it begins is decided: the way back from a lost source has its starts long before its map. It was not retired since. */
export function isUnderWay({ map, starts }: Pick<FlowKnowledge, 'map' | 'starts'>): boolean {
  return map.length > 0 || Object.keys(starts).length > 0;
}

/** The same, where the application is served there. */
export function servedAt(known: FlowKnowledge, primary: string | undefined): FlowKnowledge {
  const { replication, source, destination, epoch, revision, map, histories, starts } = known;
  const others = { replication, source, destination, epoch, revision, map, histories, starts };
  return primary === undefined ? others : { ...others, primary };
}
