import { inParallel } from '../pump/prepare/in-parallel.ts';
import type { SyncGroupsInput } from '../replication/group-progress.ts';
import { flowGroup } from '../replication/names.ts';
import { mappedQueues, sourceKey, targetQueue, type MappedQueue, type QueuePlace } from '../replication/queue-map.ts';
import { retryTopicsOf, whyNoCopies } from '../replication/retry-topics.ts';
import { queueKey, type Cluster, type Queue } from '../transport/types.ts';
import { FlowGroups, type FlowGroup } from './flow-groups.ts';
import {
  aheadOf,
  missedOf,
  uncopiedOf,
  type GroupLook,
  type GroupRetry,
  type GroupRow,
  type GroupSlot,
} from './group-look.ts';
import { MayNotWrite, moveGroup } from './move-group.ts';
import { OffsetTable } from './offset-table.ts';
import type { GroupPosition } from './group-boundaries.ts';
import type { BackPosition } from './translate-two-way.ts';
import { Translations, type Translate } from './translations.ts';

export interface GroupSyncOptions {
  readonly source: Cluster;
  readonly destination: Cluster;
  readonly translate: Translate;
  /** Comes back when everything that this broker of the destination had stored can be read. */
  readonly dispatched: (broker: string) => Promise<void>;
  /** Right before each write. @throws MayNotWrite */
  readonly assertCurrent: () => void;
}

/** The queues of a topic that go to one destination queue. */
interface Lane {
  readonly to: Queue;
  readonly queues: readonly MappedQueue[];
}

/** Keeps the offsets of a flow's groups at the destination where the source's offsets mean (R10), one round after the other. */
export class GroupSync {
  readonly #flow: SyncGroupsInput;
  readonly #options: GroupSyncOptions;
  readonly #groups: FlowGroups;
  readonly #translations: Translations;
  readonly #lanes: ReadonlyMap<string, readonly Lane[]>;
  /** Of the flow back, by its source queue. */
  readonly #back: ReadonlyMap<string, MappedQueue>;
  readonly #sourceBrokers: readonly string[];
  readonly #destinationBrokers: readonly string[];
  /** The source's offsets a round ago: what was copied then can be read by now. */
  #before: OffsetTable | undefined;
  #requests = 0;

  constructor(flow: SyncGroupsInput, options: GroupSyncOptions) {
    const queues = [...mappedQueues(flow.queues)];
    const back = [...mappedQueues(flow.back?.queues ?? [])];
    this.#flow = flow;
    this.#options = options;
    this.#lanes = lanesByTopic(queues);
    this.#back = new Map(back.map((queue) => [sourceKey(queue), queue]));
    this.#sourceBrokers = [
      ...new Set([...queues.map(({ from }) => from), ...back.map(({ to }) => to)].map(({ broker }) => broker)),
    ];
    this.#destinationBrokers = [...new Set(queues.map(({ to }) => to.broker))];
    this.#translations = new Translations(options.translate);
    this.#groups = new FlowGroups({ ...options, sourceBrokers: this.#sourceBrokers, groups: flow.groups });
  }

  /** Sent so far, over all rounds. */
  get requests(): number {
    return this.#requests + this.#groups.requests + this.#translations.requests;
  }

  /** Reads both sides and moves what has to go on. A group's trouble is told with it. @throws TransportError where a cluster cannot be read; MayNotWrite */
  async round(): Promise<GroupLook[]> {
    return await this.#eachGroup(true, async (look) => {
      const { destination, assertCurrent } = this.#options;
      return await moveGroup(look, {
        ...{ destination, assertCurrent, resetOnline: this.#flow.resetOnline },
        onRequest: (count) => {
          this.#requests += count;
        },
      });
    });
  }

  /**
   * One round that counts as the last word, where nothing is copied meanwhile: what the source's checkpoint says is copied can be read.
   * @throws TransportError; MayNotWrite
   */
  async lastRound(): Promise<GroupLook[]> {
    this.#before = await OffsetTable.read(this.#options.source, this.#sourceBrokers);
    await Promise.all(this.#destinationBrokers.map((broker) => this.#options.dispatched(broker)));
    let looks = await this.round();
    // where copies go both ways an answer may come in several parts
    for (let before = ''; this.#flow.back && before !== placesOf(looks); looks = await this.round())
      before = placesOf(looks);
    return looks.map((look) => {
      const problem = look.problem ?? uncopiedOf(look);
      return { ...look, ...(problem !== undefined && { problem }) };
    });
  }

  /** The same without writing anything. */
  async look(): Promise<GroupLook[]> {
    return await this.#eachGroup(false, (look) => Promise.resolve(look));
  }

  async #eachGroup(creates: boolean, work: (look: GroupLook) => Promise<GroupLook>): Promise<GroupLook[]> {
    const { source, destination, assertCurrent } = this.#options;
    this.#requests += this.#sourceBrokers.length + this.#destinationBrokers.length;
    const [onSource, onDestination] = await Promise.all([
      OffsetTable.read(source, this.#sourceBrokers),
      OffsetTable.read(destination, this.#destinationBrokers),
    ]);
    const groups = await this.#groups.current(onSource.groups, creates ? assertCurrent : undefined);
    this.#translations.begin();
    const looks = await inParallel([...groups.values()], async (group): Promise<GroupLook> => {
      let look = nothingOf(group);
      try {
        look = await this.#lookAt(group, onSource, onDestination);
        if (look.problem !== undefined) return look;
        look = await work(look);
        const problem = look.problem ?? aheadOf(look) ?? missedOf(look);
        return { ...look, ...(problem !== undefined && { problem }) };
      } catch (error) {
        if (error instanceof MayNotWrite) throw error;
        return { ...look, problem: error instanceof Error ? error.message : String(error) };
      }
    });
    this.#before = onSource;
    return looks;
  }

  async #lookAt(group: FlowGroup, onSource: OffsetTable, onDestination: OffsetTable): Promise<GroupLook> {
    const { name, refusal, isDisabled } = group;
    if (refusal !== undefined) return { ...nothingOf(group), problem: refusal };
    const committed = onSource.topicsOf(name);
    const topics = [...this.#lanes.keys()].filter((topic) => committed.has(topic) || group.topics.has(topic));
    if (topics.length === 0)
      return {
        ...nothingOf(group),
        problem: 'it has committed nothing yet for the topics of this replication',
      };
    const lanes = topics.flatMap((topic) => this.#lanes.get(topic)!);
    const slots = await inParallel(lanes, (lane) => this.#slot(name, lane, onSource, onDestination));
    return { group: name, slots, retries: this.#retries(name, topics, onSource), isDisabled };
  }

  /** Of one queue each. */
  #retries(group: string, topics: readonly string[], onSource: OffsetTable): GroupRetry[] {
    const names = retryTopicsOf(group, topics);
    return this.#sourceBrokers.flatMap((broker) =>
      names.map((topic) => ({
        queue: { topic, broker, id: 0 },
        offset: onSource.offset(group, topic, { broker, queue: 0 }),
        isMissed: !this.#lanes.has(topic) && whyNoCopies(topic) === undefined,
      })),
    );
  }

  async #slot(
    group: string,
    { to, queues }: Lane,
    onSource: OffsetTable,
    onDestination: OffsetTable,
  ): Promise<GroupSlot> {
    const rows = queues.map((queue): GroupRow => ({ queue, source: onSource.offset(group, queue.topic, queue.from) }));
    const destination = onDestination.offset(group, to.topic, { broker: to.broker, queue: to.id });
    // where nothing was consumed the group needs a place only as long as it has none, lest it begin at the end
    const asks = destination === undefined || rows.some(({ source }) => source !== undefined);
    const twoWay = this.#flow.back && { back: this.#backPosition(group, to, onSource), other: destination };
    const standing = { positions: this.#positions(rows), ...(twoWay && { twoWay }) };
    const translation = asks ? await this.#translations.of(to, standing) : undefined;
    return {
      ...{ to, rows, translated: translation?.offset, repeated: translation?.repeated ?? 0 },
      ...{ isAhead: translation?.kind === 'ahead', destination },
    };
  }

  #positions(rows: readonly GroupRow[]): GroupPosition[] {
    const { source: cluster, histories } = this.#flow;
    return rows.map(({ queue, source: offset }) => {
      const { topic, from } = queue;
      const history = histories[sourceKey(queue)];
      const source = { cluster, topic, broker: from.broker, queue: from.queue, generation: history?.generation ?? 0 };
      return { source, offset, copiedTo: this.#copiedTo(topic, from), start: history?.start };
    });
  }

  #backPosition(group: string, to: Queue, onSource: OffsetTable): BackPosition | undefined {
    const queue = this.#back.get(queueKey(to));
    if (!queue) return undefined;
    const { topic, broker, id } = to;
    const generation = this.#flow.back?.histories[queueKey(to)]?.generation ?? 0;
    return {
      queue: targetQueue(queue),
      source: { cluster: this.#flow.destination, topic, broker, queue: id, generation },
      offset: onSource.offset(group, topic, queue.to),
    };
  }

  /** The flow's own checkpoint. */
  #copiedTo(topic: string, from: QueuePlace): number | undefined {
    return this.#before?.offset(flowGroup(this.#flow), topic, from);
  }
}

function nothingOf({ name, isDisabled }: FlowGroup): GroupLook {
  return { group: name, slots: [], retries: [], isDisabled };
}

function placesOf(looks: readonly GroupLook[]): string {
  return JSON.stringify(looks.map(({ slots }) => slots.map(({ destination }) => destination)));
}

function lanesByTopic(queues: readonly MappedQueue[]): Map<string, Lane[]> {
  const lanes = new Map<string, { to: Queue; queues: MappedQueue[] }>();
  for (const queue of queues) {
    const to = targetQueue(queue);
    const lane = lanes.get(queueKey(to)) ?? { to, queues: [] };
    lane.queues.push(queue);
    lanes.set(queueKey(to), lane);
  }
  const topics = new Map<string, Lane[]>();
  for (const lane of lanes.values()) topics.set(lane.to.topic, [...(topics.get(lane.to.topic) ?? []), lane]);
  return topics;
}
