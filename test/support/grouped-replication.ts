import type { WorkflowHandle } from '@temporalio/client';
import type { FailoverConfig } from '../../src/replication/failover/input.ts';
import { FAILOVER_WORKFLOW, failoverId } from '../../src/replication/failover/messages.ts';
import { TASK_QUEUE } from '../../src/replication/messages.ts';
import type { Cluster, Queue } from '../../src/transport/types.ts';
import { eventually } from './eventually.ts';
import { flushedOffsets } from './flushed-offsets.ts';
import { LiveReplication } from './live-replication.ts';
import type { TestMessage } from './messages.ts';
import type { TestStack } from './servers.ts';

const LIMIT_MS = 90_000;

export type SideName = 'east' | 'west';

/** A replication from east to west with a group whose consumers are offline, and what each side holds of both. */
export class GroupedReplication {
  readonly live: LiveReplication;
  readonly group: string;
  /** The topic's queues, by side. */
  readonly queues: Readonly<Record<SideName, readonly Queue[]>>;
  readonly #stack: TestStack;
  readonly #clusters: Readonly<Record<SideName, Cluster>>;

  private constructor(stack: TestStack, clusters: Readonly<Record<SideName, Cluster>>, live: LiveReplication) {
    this.live = live;
    this.group = `${live.topic}-group`;
    this.queues = {
      east: live.queues,
      west: live.queues.map((queue) => ({ ...queue, broker: stack.west.brokerName })),
    };
    this.#stack = stack;
    this.#clusters = clusters;
  }

  /** Everything is copied, and the group stands at `consumed` in each queue, on both sides; it is flushed where the source may be killed. */
  static async start(
    stack: TestStack,
    clusters: Readonly<Record<SideName, Cluster>>,
    messages: Iterable<TestMessage>,
    consumed: number,
  ): Promise<GroupedReplication> {
    const grouped = new GroupedReplication(stack, clusters, await LiveReplication.create(stack));
    const { live, group } = grouped;
    await clusters.east.admin.createGroup(group);
    const produced = await live.produce(messages);
    await grouped.consume('east', consumed);
    await live.start({ groups: [group] });
    await live.reaches(produced, LIMIT_MS);
    await eventually(LIMIT_MS, () => grouped.stands('west', consumed));
    await eventually(LIMIT_MS, async () => {
      const flushed = await flushedOffsets(stack.east, live.topic, group);
      return live.queues.every(({ id }) => flushed.get(id) === consumed);
    });
    return grouped;
  }

  async consume(side: SideName, to: number): Promise<void> {
    for (const queue of this.queues[side]) await this.#clusters[side].admin.commit(this.group, queue, to);
  }

  /** Whether the group stands there in each queue. */
  async stands(side: SideName, at: number): Promise<boolean> {
    const { admin } = this.#clusters[side];
    const places = await Promise.all(this.queues[side].map((queue) => admin.committed(this.group, queue)));
    return places.every((offset) => offset === at);
  }

  /** What a move changes. */
  async settings(side: SideName) {
    const [{ admin }, { brokerName }] = [this.#clusters[side], this.#stack[side]];
    return {
      perm: (await admin.topicConfig(brokerName, this.live.topic))?.perm,
      consumeEnable: (await admin.groupConfig(brokerName, this.group))?.consumeEnable,
    };
  }

  /** As an operator starts it. */
  async move(config: Pick<FailoverConfig, 'mode' | 'fence'>): Promise<WorkflowHandle> {
    const { client } = await this.live.handle();
    return await client.start(FAILOVER_WORKFLOW, {
      taskQueue: TASK_QUEUE,
      workflowId: failoverId(this.live.name),
      args: [{ replication: this.live.name, ...config }],
    });
  }
}
