import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { join } from 'node:path';
import type { ReplicationConfig } from '../../src/replication/input.ts';
import { REPLICATION_WORKFLOW, TASK_QUEUE, type ReplicationStatus } from '../../src/replication/messages.ts';
import { flowGroup, workflowId } from '../../src/replication/names.ts';
import { openRemotingCluster } from '../../src/transport/remoting/cluster.ts';
import type { Cluster, Destination, OffsetRange, Queue } from '../../src/transport/types.ts';
import { eventually } from './eventually.ts';
import type { TestMessage } from './messages.ts';
import { compareLogs, readLog, type Verdict } from './oracle/compare.ts';
import { produce } from './producer.ts';
import type { TestCluster, TestStack } from './servers.ts';

const QUEUES = 4;

let runs = 0;

/** A topic of its own on a source cluster, a replication of it as an operator starts it, and the oracle over both logs. */
export class LiveReplication {
  readonly topic: string;
  readonly name: string;
  readonly queues: readonly Queue[];
  readonly #from: TestCluster;
  readonly #to: TestCluster;
  readonly #stack: TestStack;
  readonly #source: Cluster;
  readonly #destination: Cluster;
  readonly #writer: Destination;
  #connection: Connection | undefined;

  private constructor(stack: TestStack, from: TestCluster, to: TestCluster) {
    this.#stack = stack;
    this.#from = from;
    this.#to = to;
    this.name = `e2e-${process.pid}-${runs++}-${Date.now().toString(36)}`;
    this.topic = this.name;
    this.queues = Array.from({ length: QUEUES }, (_, id) => ({ topic: this.topic, broker: from.brokerName, id }));
    this.#source = openRemotingCluster({ name: from.name, nameServers: from.nameServers });
    this.#destination = openRemotingCluster({ name: to.name, nameServers: to.nameServers });
    this.#writer = this.#source.openDestination();
  }

  static async create(stack: TestStack, from = stack.east, to = stack.west): Promise<LiveReplication> {
    const live = new LiveReplication(stack, from, to);
    await live.#source.admin.putTopic(from.brokerName, live.topic, {
      readQueues: QUEUES,
      writeQueues: QUEUES,
      perm: 6,
      order: false,
      attributes: {},
    });
    await eventually(30_000, async () => (await live.#source.admin.topic(live.topic)) !== undefined);
    return live;
  }

  /** Produces to the source, and resolves with how many messages it acknowledged. */
  produce(messages: Iterable<TestMessage>): Promise<number> {
    return this.produceTo(this.queues, messages);
  }

  /** Produces so many a second until `stop` aborts; resolves with how many the source acknowledged. */
  produceOn(messages: Iterable<TestMessage>, rate: number, stop: AbortSignal): Promise<number> {
    return produce({ writer: this.#writer, queues: this.queues, messages, rate, stop });
  }

  produceTo(queues: readonly Queue[], messages: Iterable<TestMessage>): Promise<number> {
    return produce({ writer: this.#writer, queues, messages });
  }

  sourceRange(queue: number): Promise<OffsetRange> {
    return this.#source.admin.range(this.queues[queue]!);
  }

  async start(config: Partial<ReplicationConfig> = {}): Promise<void> {
    const { workflow } = await this.client();
    const input = { source: this.#from.name, destination: this.#to.name, topics: [this.topic], ...config };
    await workflow.start(REPLICATION_WORKFLOW, {
      taskQueue: TASK_QUEUE,
      workflowId: workflowId(this.name),
      args: [input],
    });
  }

  async status(): Promise<ReplicationStatus> {
    return await (await this.handle()).query('status');
  }

  async handle(): Promise<WorkflowHandle> {
    return (await this.client()).workflow.getHandle(workflowId(this.name));
  }

  /** Messages in the topic's queues: `undefined` while the broker cannot say. */
  async produced(): Promise<number | undefined> {
    return await count(this.#source, this.queues);
  }

  async copied(): Promise<number | undefined> {
    const queues = this.queues.map((queue) => ({ ...queue, broker: this.#to.brokerName }));
    return await count(this.#destination, queues);
  }

  /** Waits until at least so many messages are on the destination; `undefined` waits for all that the source holds. */
  async reaches(messages: number | undefined, limitMs: number): Promise<void> {
    const target = messages ?? (await eventually(30_000, () => this.produced()));
    try {
      await eventually(limitMs, async () => ((await this.copied()) ?? 0) >= target);
    } catch {
      const copied = await this.copied();
      const status = await this.status().catch((error: unknown) => String(error));
      throw new Error(`${copied} of ${target} messages after ${limitMs} ms; ${JSON.stringify(status)}`);
    }
  }

  /** Of a task that copies both ways: whether each direction has looked at every message that stands on its source. */
  async hasPassedAll(): Promise<boolean> {
    const ways = [
      [this.#source, this.#from, this.#to],
      [this.#destination, this.#to, this.#from],
    ] as const;
    const lags = ways.flatMap(([{ admin }, from, to]) => {
      const group = flowGroup({ replication: this.name, source: from.name, destination: to.name });
      return this.queues.map(async ({ topic, id }) => {
        const queue = { topic, broker: from.brokerName, id };
        const [{ max }, next] = await Promise.all([admin.range(queue), admin.committed(group, queue)]);
        return max - (next ?? 0);
      });
    });
    return (await Promise.all(lags)).every((lag) => lag === 0);
  }

  /** Reads both brokers' files. */
  async verdict(tags: readonly string[] = [], topic = this.topic): Promise<Verdict> {
    const source = await readLog(join(this.#from.broker.folder, 'store'), topic);
    return compareLogs(source, await readLog(join(this.#to.broker.folder, 'store'), topic, tags));
  }

  /** When the destination stored each copy, in order. ms since 1970 */
  async storeTimes(): Promise<number[]> {
    const log = await readLog(join(this.#to.broker.folder, 'store'), this.topic);
    return [...log.values()]
      .flatMap((queue) => queue.map(({ storeTimestamp }) => storeTimestamp))
      .sort((a, b) => a - b);
  }

  /** Ends the replication, if it runs, and the connections. */
  async close(): Promise<void> {
    const handle = await this.handle();
    await handle.terminate('the test is over').catch(() => undefined);
    await this.#connection?.close();
    this.#writer.close();
    this.#source.close();
    this.#destination.close();
  }

  async client(): Promise<Client> {
    this.#connection ??= await Connection.connect({ address: this.#stack.temporal.address });
    return new Client({ connection: this.#connection });
  }
}

async function count(cluster: Cluster, queues: readonly Queue[]): Promise<number | undefined> {
  try {
    const ranges = await Promise.all(queues.map((queue) => cluster.admin.range(queue)));
    return ranges.reduce((sum, { max }) => sum + max, 0);
  } catch {
    return undefined;
  }
}
