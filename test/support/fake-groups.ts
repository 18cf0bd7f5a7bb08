import type { Cluster, GroupConfig, Queue, Subscription, Topic } from '../../src/transport/types.ts';

export interface FakeGroup {
  /** Next offsets to read, by topic and queue. */
  readonly offsets?: Readonly<Record<string, readonly number[]>>;
  readonly subscribes?: Subscription;
  readonly isDisabled?: boolean;
}

/**
 * A cluster of one broker that knows these consumer groups, and these topics by where their queues end. `put` gets what is written of groups.
 */
export function clusterWithGroups(
  name: string,
  groups: Readonly<Record<string, FakeGroup>>,
  ends: Readonly<Record<string, readonly number[]>> = {},
  put: (config: GroupConfig) => void = () => undefined,
): Cluster {
  const broker = `${name}-a`;
  const admin = {
    brokers: () => Promise.resolve([{ name: broker, master: '127.0.0.1:1' }]),
    groupConfigs: () =>
      Promise.resolve(
        new Map(
          Object.entries(groups).map(
            ([groupName, { isDisabled = false }]) => [groupName, { groupName, consumeEnable: !isDisabled }] as const,
          ),
        ),
      ),
    groupOffsets: () =>
      Promise.resolve(
        Object.entries(groups).flatMap(([group, { offsets = {} }]) =>
          Object.entries(offsets).map(([topic, of]) => ({ group, topic, offsets: new Map(of.entries()) })),
        ),
      ),
    subscription: (_: string, group: string) => Promise.resolve(groups[group]?.subscribes),
    putGroup: (_: string, config: GroupConfig) => {
      put(config);
      return Promise.resolve();
    },
    topic: (topic: string): Promise<Topic> => {
      const queues = ends[topic]!.length;
      return Promise.resolve({
        name: topic,
        brokers: [{ broker, readQueues: queues, writeQueues: queues, perm: 6 }],
      });
    },
    range: ({ topic, id }: Queue) => Promise.resolve({ min: 0, max: ends[topic]![id]! }),
  };
  return { name, admin } as unknown as Cluster;
}
