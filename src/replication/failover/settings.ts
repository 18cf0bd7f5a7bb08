/** Settings of clusters that a failover changes and puts back, and the cut. Safe in a workflow. */

/** From when on a broker takes sends, ms since 1970 by its own clock; in the past where it takes them. */
export interface AcceptsFrom {
  readonly broker: string;
  readonly from: number;
}

/** A fence is a time in the near future, so that it lifts by itself if nobody renews it. ms */
export const FENCE_MS = 120_000;

/** A topic's permission on one broker: 2 write, 4 read, 6 both. Brokers do not check it when a message comes in; it steers clients through the route. */
export interface TopicPerm {
  readonly topic: string;
  readonly broker: string;
  readonly perm: number;
}

const WRITE = 2;

/** No client that looks at the route sends there any more. */
export function closed(perms: readonly TopicPerm[]): TopicPerm[] {
  return perms.map((place) => ({ ...place, perm: place.perm & ~WRITE }));
}

export function opened(perms: readonly TopicPerm[]): TopicPerm[] {
  return perms.map((place) => ({ ...place, perm: place.perm | WRITE }));
}

/** Whether a consumer group may consume from one broker. */
export interface GroupSwitch {
  readonly group: string;
  readonly broker: string;
  readonly consumeEnable: boolean;
}

export function switched(switches: readonly GroupSwitch[], consumeEnable: boolean): GroupSwitch[] {
  return switches.map((place) => ({ ...place, consumeEnable }));
}

/** The end of each queue of a topic on one broker: the offset of the next message, by queue number. */
export interface TopicEnd {
  readonly topic: string;
  readonly broker: string;
  readonly ends: readonly number[];
}

/** Where each queue of some topics ends, and so up to where a direction counts. */
export type Cut = readonly TopicEnd[];

/** Every message that the queues ever held. */
export function messagesIn(cut: Cut): number {
  return cut.reduce((sum, { ends }) => ends.reduce((total, end) => total + end, sum), 0);
}
