/**
 * What an endpoint can do, whatever protocol it speaks. The pump, the groups and the failover are written against these
 * capabilities; `remoting/` implements them.
 */

import type { Queue } from '../replication/queue-map.ts';

export { queueKey, type Queue } from '../replication/queue-map.ts';

/** Offsets of what a queue holds: `min` is the oldest message's, `max` the next one to be written. */
export interface OffsetRange {
  readonly min: number;
  readonly max: number;
  /** There is no master at the moment, and a slave answered: the master may hold more at either end. */
  readonly isOfSlave?: boolean;
}

export interface PullRequest {
  /** First offset wanted. */
  readonly offset: number;
  readonly maxMessages: number;
  /** How long the broker may hold the request while there is nothing to read; 0 answers at once. ms. */
  readonly waitMs: number;
}

/**
 * - `messages`: `records` holds `count` stored messages one after the other, as the broker stores them (read them with `MessageCursor`).
 * - `nothing`: no message at `offset` yet.
 * - `moved`: `offset` lies outside what the queue holds (removed by retention, or the queue was cut or recreated).
 */
export interface PullAnswer {
  readonly kind: 'messages' | 'nothing' | 'moved';
  readonly records: Buffer;
  readonly nextOffset: number;
  readonly range: OffsetRange;
}

/** Reads messages by offset. Each reader has connections of its own; `close` ends them and fails what is under way. */
export interface QueueReader {
  /** @throws TransportError */
  pull(queue: Queue, request: PullRequest, signal?: AbortSignal): Promise<PullAnswer>;
  /** @throws TransportError */
  range(queue: Queue): Promise<OffsetRange>;
  close(): void;
}

/** Consumer offsets of a group. A committed offset is the next one to read. */
export interface GroupOffsets {
  /** `undefined` where none was ever committed; a 4.x broker may answer 0 instead. @throws TransportError */
  committed(group: string, queue: Queue): Promise<number | undefined>;
  /** Flushed by the broker only every few seconds. @throws TransportError */
  commit(group: string, queue: Queue, offset: number): Promise<void>;
}

/**
 * Where messages are copied from. While the name servers know no master of a broker, a slave of it is read from: it gives the messages that it has,
 * and where it has none `pull` throws, because that says nothing of the master. Offsets are kept on the master only.
 */
export interface OffsetSource extends QueueReader, GroupOffsets {}

/** A batch is one atomic append to one queue; all its messages share sysFlag and born timestamp. */
export interface Batch {
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  /** The messages in the client-side batch encoding, in parts that are written one after the other. */
  readonly parts: readonly Buffer[];
  readonly bytes: number;
  readonly messages: number;
  /** How often the message has been tried; counts where it is for a retry topic. Default 0. */
  readonly reconsumeTimes?: number;
}

/** A broker takes a batch where `bytes + messages * bytesPerMessage <= maxBytes`. */
export interface BatchLimits {
  readonly maxBytes: number;
  readonly bytesPerMessage: number;
}

/**
 * Writes to one cluster. Each writer has connections of its own: one a broker for sends and reads, one a broker for locks,
 * so that sends can be cut off (RST) without touching the locks.
 */
export interface Destination extends QueueReader, GroupOffsets {
  /**
   * Appends the batch to the queue; to that of a retry topic only one message at a time can be sent. Resolves with the offset of its first message once the broker has stored it.
   * Whatever the error says, the batch may have been stored, unless `refusedForGood`. By the time of an error without an answer
   * the connection that carried the request has been cut with a TCP reset, so that nothing still queued locally arrives.
   * @throws TransportError
   */
  send(queue: Queue, batch: Batch, timeoutMs: number): Promise<number>;
  /**
   * How large a batch the broker takes: `maxMessageSize`, which counts the batch as it is sent since 5.0, and its messages as they are stored
   * on 4.x. After this call `send` refuses for good, without sending it, what the broker would answer with an ambiguous code.
   *
   * Two more limits hold for each message of a batch, which no broker checks there, so the caller must. Its properties have at most 32,767 bytes, or
   * 32,747 where the broker has `enabledAppendPropCRC`: it appends a CRC to them, and nothing else. And they end with their separator, 0x02, because the
   * broker puts none before the CRC.
   * @throws TransportError
   */
  batchLimits(broker: string): Promise<BatchLimits>;
  /** Whether the broker has this queue; a topic may be deleted or made smaller. @throws TransportError */
  holdsQueue(queue: Queue): Promise<boolean>;
  /**
   * Resolves when everything that the broker had stored at the call can be read, also while others go on writing. A request that
   * had arrived but waited in the broker for a thread was not stored yet; brokers drop such sends after 200 ms by default.
   * @throws TransportError when that does not happen within `timeoutMs`, 10 s by default
   */
  dispatched(broker: string, timeoutMs?: number): Promise<void>;
  /** Takes or renews the lock of each key for `owner`; answers with those now held. It lapses 60 s after the last renewal. */
  lock(broker: string, group: string, owner: string, keys: readonly Queue[]): Promise<Queue[]>;
  /** Releases what `owner` holds; another owner's locks stay. */
  unlock(broker: string, group: string, owner: string, keys: readonly Queue[]): Promise<void>;
  /** Calls back when the lock connection to a broker is lost: the broker may have forgotten its locks. Returns how to stop. */
  onLocksLost(listener: (broker: string) => void): () => void;
}

export interface BrokerInfo {
  readonly name: string;
  /** The master's `host:port`, `undefined` while there is none. */
  readonly master: string | undefined;
  readonly slaves: readonly string[];
}

export interface TopicOnBroker {
  readonly broker: string;
  readonly readQueues: number;
  readonly writeQueues: number;
  /** 2 write, 4 read, 6 both. */
  readonly perm: number;
}

export interface Topic {
  readonly name: string;
  /** Sorted by broker name, as clients list queues. */
  readonly brokers: readonly TopicOnBroker[];
}

export interface TopicConfig {
  readonly readQueues: number;
  readonly writeQueues: number;
  readonly perm: number;
  readonly order: boolean;
  /** Broker-side attributes without their `+` (5.x), such as `message.type` -> `FIFO`. Empty for 4.x. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A consumer group's settings on one broker: these, and whatever else that broker tells of it. */
export interface GroupConfig {
  readonly groupName: string;
  /** Where false, the broker refuses the group's pulls and pops at once; its offsets can still be read and committed. */
  readonly consumeEnable: boolean;
  readonly [setting: string]: unknown;
}

/** What a group has committed for the queues of one topic on one broker. */
export interface CommittedOffsets {
  readonly group: string;
  readonly topic: string;
  /** Next offset to read, by queue. */
  readonly offsets: ReadonlyMap<number, number>;
}

/** What a group's online consumers told a broker. */
export interface Subscription {
  /** Each of them reads everything and keeps its offsets to itself. */
  readonly isBroadcasting: boolean;
  readonly topics: readonly string[];
}

/** What an online consumer has of one queue. */
export interface ConsumedQueue extends Queue {
  /** Messages that it has fetched and not finished. */
  readonly unfinished: number;
  /** Offset that it commits next, or has committed; -1 where it has none. */
  readonly commitOffset: number;
}

/** What a flow needs of a broker. */
export interface AccessQuestion {
  readonly topic: string;
  /** The flow's consumer group. */
  readonly group: string;
  /** The flow's destination: it writes copies and takes locks as well. */
  readonly writes: boolean;
  readonly createsTopic: boolean;
}

export interface AccessAnswer {
  /** Such as `PULL_MESSAGE`. */
  readonly request: string;
  /** What it is needed for: `read messages`. */
  readonly purpose: string;
  /** What an administrator grants to allow it. */
  readonly grant: string;
  /** The broker's words where it does not allow it. */
  readonly refusal?: string;
}

/** Topics, groups and brokers of one cluster. @throws TransportError from each call */
export interface ClusterAdmin {
  brokers(): Promise<BrokerInfo[]>;
  /** Sorted names of all topics but those that the brokers made for themselves. */
  topicNames(): Promise<string[]>;
  /** `undefined` where the name servers know no such topic. */
  topic(name: string): Promise<Topic | undefined>;
  topicConfig(broker: string, topic: string): Promise<TopicConfig | undefined>;
  /** Creates the topic on this broker or changes it to this configuration. */
  putTopic(broker: string, topic: string, config: TopicConfig): Promise<void>;
  /** Creates the consumer group on every broker where it is missing. */
  createGroup(group: string): Promise<void>;
  /** `undefined` where it does not exist; a broker with `autoCreateSubscriptionGroup` creates it now. */
  groupConfig(broker: string, group: string): Promise<GroupConfig | undefined>;
  /** All groups of this broker by name; asking creates none. */
  groupConfigs(broker: string): Promise<ReadonlyMap<string, GroupConfig>>;
  /** Creates the group on this broker or changes it to this configuration. */
  putGroup(broker: string, config: GroupConfig): Promise<void>;
  /** What every group has committed on this broker, RocketMQ's and our own included. */
  groupOffsets(broker: string): Promise<CommittedOffsets[]>;
  /** Client IDs of the group's consumers that are connected to this broker. */
  consumers(broker: string, group: string): Promise<readonly string[]>;
  /** `undefined` while none of its consumers is connected to this broker. */
  subscription(broker: string, group: string): Promise<Subscription | undefined>;
  /**
   * Sets the group's offset so that consumers that are online follow; until one pulls the queue, offsets that are committed are ignored. Since 5.1.
   * @throws TransportError, refused for good, where the broker can only reset a whole topic to a time
   */
  resetOffset(group: string, queue: Queue, offset: number): Promise<void>;
  /**
   * What an online consumer of the group has fetched of its queues. Fails for a client that is not online at this broker, or that does not answer
   * within 10 s.
   */
  consumedQueues(broker: string, group: string, clientId: string): Promise<ConsumedQueue[]>;
  /** Removes the consumer group from every broker, and its offsets for these topics' queues at least. */
  deleteGroup(group: string, topics: readonly string[]): Promise<void>;
  /** Names such as `V5_5_0`. */
  brokerVersion(broker: string): Promise<string>;
  /** Settings of the broker as name -> value. */
  brokerConfig(broker: string): Promise<ReadonlyMap<string, string>>;
  /** Changes settings of the running broker, which keeps them in its file. */
  setBrokerConfig(broker: string, settings: Readonly<Record<string, string | number>>): Promise<void>;
  /** The broker's clock, ms since 1970, cut to whole seconds; `undefined` where it does not tell. */
  brokerTime(broker: string): Promise<number | undefined>;
  /** Which of the requests that a flow sends the broker allows. Changes nothing. */
  access(broker: string, question: AccessQuestion): Promise<AccessAnswer[]>;
  range(queue: Queue): Promise<OffsetRange>;
  /** Offset of the first message stored at or after this time (ms since 1970). */
  offsetAt(queue: Queue, timestamp: number): Promise<number>;
  committed(group: string, queue: Queue): Promise<number | undefined>;
  commit(group: string, queue: Queue, offset: number): Promise<void>;
  close(): void;
}

/** One cluster of the configuration, ready for use. Readers and writers are opened per pump and closed by it. */
export interface Cluster {
  readonly name: string;
  readonly admin: ClusterAdmin;
  openSource(): OffsetSource;
  openDestination(): Destination;
  close(): void;
}
