import { deleteSubscriptionGroup } from '../../remoting/requests/delete-subscription-group.ts';
import { getAllConsumerOffsets } from '../../remoting/requests/get-all-consumer-offset.ts';
import { getAllSubscriptionGroups } from '../../remoting/requests/get-all-subscription-group-config.ts';
import { getAllTopicConfig } from '../../remoting/requests/get-all-topic-config.ts';
import { getBrokerConfig } from '../../remoting/requests/get-broker-config.ts';
import { getConsumerConnections } from '../../remoting/requests/get-consumer-connection-list.ts';
import { getConsumerList } from '../../remoting/requests/get-consumer-list-by-group.ts';
import { getConsumerRunningInfo } from '../../remoting/requests/get-consumer-running-info.ts';
import { getSystemTopics } from '../../remoting/requests/get-system-topic-list-from-broker.ts';
import { getRouteInfo } from '../../remoting/requests/get-route-info.ts';
import { getSubscriptionGroup } from '../../remoting/requests/get-subscription-group-config.ts';
import { getTopicConfig } from '../../remoting/requests/get-topic-config.ts';
import { resetConsumerOffset } from '../../remoting/requests/invoke-broker-to-reset-offset.ts';
import { searchOffset } from '../../remoting/requests/search-offset.ts';
import type { TopicSettings } from '../../remoting/requests/topic-settings.ts';
import {
  defaultGroupSettings,
  updateAndCreateSubscriptionGroup,
} from '../../remoting/requests/update-and-create-subscription-group.ts';
import { updateAndCreateTopic } from '../../remoting/requests/update-and-create-topic.ts';
import { updateBrokerConfig } from '../../remoting/requests/update-broker-config.ts';
import { TransportError } from '../errors.ts';
import type {
  AccessAnswer,
  AccessQuestion,
  BrokerInfo,
  ClusterAdmin,
  CommittedOffsets,
  OffsetRange,
  ConsumedQueue,
  GroupConfig,
  Queue,
  Subscription,
  Topic,
  TopicConfig,
} from '../types.ts';
import { askAccess } from './access.ts';
import type { BrokerConnections } from './broker-connections.ts';
import type { BrokerDirectory } from './broker-directory.ts';
import { firstStoredAt } from './first-stored-at.ts';
import type { NameServers } from './name-servers.ts';
import { clockOf, runtimeInfo } from './runtime-info.ts';
import { RemotingSource, place } from './source.ts';
import { notSent } from './transport-failure.ts';

/** A broker waits 10 s for the client that it asks. ms */
const CLIENT_ANSWERS_MS = 12_000;

/** Topics, groups and brokers of one cluster, over connections of its own. */
export class RemotingAdmin implements ClusterAdmin {
  readonly #nameServers: NameServers;
  readonly #directory: BrokerDirectory;
  readonly #connections: BrokerConnections;
  readonly #offsets: RemotingSource;

  constructor(nameServers: NameServers, directory: BrokerDirectory, connections: BrokerConnections) {
    this.#nameServers = nameServers;
    this.#directory = directory;
    this.#connections = connections;
    this.#offsets = new RemotingSource(connections, connections);
  }

  async brokers(): Promise<BrokerInfo[]> {
    return [...(await this.#directory.brokers())];
  }

  async topicNames(): Promise<string[]> {
    const masters = (await this.#directory.brokers()).filter(({ master }) => master !== undefined);
    const names = await Promise.all(
      masters.map(async ({ name }) => {
        const [all, system] = await Promise.all([
          this.#connections.call(name, getAllTopicConfig, undefined),
          this.#connections.call(name, getSystemTopics, undefined),
        ]);
        return [...all.keys()].filter((topic) => !system.has(topic));
      }),
    );
    return [...new Set(names.flat())].sort();
  }

  async topic(name: string): Promise<Topic | undefined> {
    const route = await this.#nameServers.call(getRouteInfo, name);
    if (!route) return undefined;
    return { name, brokers: [...route.queues].sort((a, b) => (a.broker < b.broker ? -1 : 1)) };
  }

  async topicConfig(broker: string, topic: string): Promise<TopicConfig | undefined> {
    return await this.#topicSettings(broker, topic);
  }

  async putTopic(broker: string, topic: string, config: TopicConfig): Promise<void> {
    const current = await this.#topicSettings(broker, topic);
    await this.#connections.call(broker, updateAndCreateTopic, {
      filterType: current?.filterType ?? 'SINGLE_TAG',
      sysFlag: current?.sysFlag ?? 0,
      ...config,
      topic,
      attributes: changedAttributes(current?.attributes ?? {}, config.attributes),
    });
  }

  async createGroup(group: string): Promise<void> {
    for (const { name, master } of await this.#directory.brokers())
      if (master !== undefined && !(await this.groupConfig(name, group)))
        await this.#connections.call(name, updateAndCreateSubscriptionGroup, defaultGroupSettings(group));
  }

  async groupConfig(broker: string, group: string): Promise<GroupConfig | undefined> {
    if (await this.#isV5(broker)) return await this.#connections.call(broker, getSubscriptionGroup, group);
    return (await this.#connections.call(broker, getAllSubscriptionGroups, undefined)).get(group);
  }

  async groupConfigs(broker: string): Promise<ReadonlyMap<string, GroupConfig>> {
    return await this.#connections.call(broker, getAllSubscriptionGroups, undefined);
  }

  async putGroup(broker: string, config: GroupConfig): Promise<void> {
    const current = await this.groupConfig(broker, config.groupName);
    const attributes = groupAttributeChanges(current, config);
    await this.#connections.call(broker, updateAndCreateSubscriptionGroup, { ...config, attributes });
  }

  async groupOffsets(broker: string): Promise<CommittedOffsets[]> {
    return await this.#connections.call(broker, getAllConsumerOffsets, undefined);
  }

  async consumers(broker: string, group: string): Promise<readonly string[]> {
    return await this.#connections.call(broker, getConsumerList, group);
  }

  async subscription(broker: string, group: string): Promise<Subscription | undefined> {
    const online = await this.#connections.call(broker, getConsumerConnections, group);
    return online && { isBroadcasting: online.messageModel === 'BROADCASTING', topics: online.topics };
  }

  async resetOffset(group: string, queue: Queue, offset: number): Promise<void> {
    const { broker } = queue;
    // any other broker takes it for a reset of the whole topic
    if ((await this.brokerConfig(broker)).get('useServerSideResetOffset') !== 'true')
      throw new TransportError(
        `broker ${broker}: it cannot reset one queue to an offset; that takes 5.1 or later with useServerSideResetOffset=true`,
        { address: broker, retryable: false, answered: true, refusedForGood: true },
      );
    await this.#connections.call(broker, resetConsumerOffset, { group, ...place(queue), offset });
  }

  async deleteGroup(group: string, topics: readonly string[]): Promise<void> {
    for (const { name, master } of await this.#directory.brokers()) {
      if (master === undefined) throw notSent(`broker ${name}: it has no master, so group ${group} stays on it`, name);
      if (!(await this.#isV5(name))) await this.#forgetOffsets(group, name, topics);
      await this.#connections.call(name, deleteSubscriptionGroup, group);
    }
  }

  /** A broker that keeps a removed group's offsets answers 0 from now on, which is no evidence of anything. */
  async #forgetOffsets(group: string, broker: string, topics: readonly string[]): Promise<void> {
    for (const topic of topics) {
      const queues = (await this.topic(topic))?.brokers.find((place) => place.broker === broker)?.readQueues ?? 0;
      const ids = Array.from({ length: queues }, (_, id) => id);
      await Promise.all(ids.map((id) => this.commit(group, { topic, broker, id }, 0)));
    }
  }

  async brokerVersion(broker: string): Promise<string> {
    const info = await runtimeInfo(this.#connections, broker);
    return info.brokerVersionDesc ?? 'unknown';
  }

  async brokerConfig(broker: string): Promise<ReadonlyMap<string, string>> {
    return await this.#connections.call(broker, getBrokerConfig, undefined);
  }

  async setBrokerConfig(broker: string, settings: Readonly<Record<string, string | number>>): Promise<void> {
    await this.#connections.call(broker, updateBrokerConfig, settings);
  }

  async brokerTime(broker: string): Promise<number | undefined> {
    return clockOf(await runtimeInfo(this.#connections, broker));
  }

  async consumedQueues(broker: string, group: string, clientId: string): Promise<ConsumedQueue[]> {
    const asked = { group, clientId };
    const consumed = await this.#connections.call(broker, getConsumerRunningInfo, asked, {
      timeoutMs: CLIENT_ANSWERS_MS,
    });
    return consumed.map(({ queue: id, ...rest }) => ({ ...rest, id }));
  }

  async access(broker: string, question: AccessQuestion): Promise<AccessAnswer[]> {
    return await askAccess(this.#connections, broker, await this.#isV5(broker), question);
  }

  async range(queue: Queue): Promise<OffsetRange> {
    return await this.#offsets.range(queue);
  }

  async offsetAt(queue: Queue, timestamp: number): Promise<number> {
    const hint = await this.#connections.call(queue.broker, searchOffset, { ...place(queue), timestamp });
    return await firstStoredAt(this.#offsets, queue, timestamp, hint);
  }

  async committed(group: string, queue: Queue): Promise<number | undefined> {
    return await this.#offsets.committed(group, queue);
  }

  async commit(group: string, queue: Queue, offset: number): Promise<void> {
    await this.#offsets.commit(group, queue, offset);
  }

  close(): void {
    this.#connections.close();
  }

  async #topicSettings(broker: string, topic: string): Promise<TopicSettings | undefined> {
    if (await this.#isV5(broker)) return await this.#connections.call(broker, getTopicConfig, topic);
    return (await this.#connections.call(broker, getAllTopicConfig, undefined)).get(topic);
  }

  /** A 4.x broker knows no requests for a single topic or group, and never answers a request that it does not know. */
  async #isV5(broker: string): Promise<boolean> {
    return /^V[5-9]_/.test(await this.brokerVersion(broker));
  }
}

/** Only what differs: a broker refuses to set some attributes again, even to the same value. */
function changedAttributes(
  current: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const changes: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(wanted)) if (current[name] !== value) changes[name] = value;
  for (const name of Object.keys(current)) if (!(name in wanted)) changes[name] = undefined;
  return changes;
}

/** As a broker wants them: `+name` sets, `-name` removes. */
function groupAttributeChanges(current: GroupConfig | undefined, wanted: GroupConfig): Record<string, string> {
  const changes = changedAttributes(attributesOf(current), attributesOf(wanted));
  return Object.fromEntries(
    Object.entries(changes).map(([name, value]) => (value === undefined ? [`-${name}`, ''] : [`+${name}`, value])),
  );
}

function attributesOf(config: GroupConfig | undefined): Record<string, string> {
  return (config?.attributes ?? {}) as Record<string, string>;
}
