import { inParallel } from '../pump/prepare/in-parallel.ts';
import { choosesGroup } from '../replication/group-choice.ts';
import { isPattern } from '../replication/topic-pattern.ts';
import { groupsByBroker, mastersOf, type GroupsByBroker } from '../transport/masters.ts';
import type { Cluster, Subscription } from '../transport/types.ts';

/** How often groups, their settings and their consumers are looked at; also how long a new group may go unseen. ms */
const LOOK_EVERY_MS = 30_000;
/** The same while somebody new has committed an offset. ms */
const LOOK_SOON_MS = 2_000;

/** A group of the flow, as the source knows it. */
export interface FlowGroup {
  readonly name: string;
  /** Topics that its online consumers subscribe to. */
  readonly topics: ReadonlySet<string>;
  /** No broker of the source gives it anything. */
  readonly isDisabled: boolean;
  /** Why its progress cannot be copied. */
  readonly refusal?: string;
}

export interface FlowGroupsOptions {
  readonly source: Cluster;
  /** Brokers from which queues are copied. */
  readonly sourceBrokers: readonly string[];
  readonly destination: Cluster;
  readonly groups: readonly string[];
}

/** The groups that a flow's names and patterns choose, looked at now and then; they get what they need at the destination. */
export class FlowGroups {
  requests = 0;
  readonly #options: FlowGroupsOptions;
  #groups = new Map<string, FlowGroup>();
  #seen = new Set<string>();
  #lookedAt = -Infinity;

  constructor(options: FlowGroupsOptions) {
    this.#options = options;
  }

  /**
   * The groups by name. Those that the destination lacks are created there as they are on the source, but disabled: nobody consumes as them
   * before a failover. One that exists stays as it is.
   * @param committed groups that have committed anything on the source
   * @param mayCreate right before each group that is created; without it none is
   * @throws TransportError; what `mayCreate` throws
   */
  async current(committed: Iterable<string>, mayCreate?: () => void): Promise<ReadonlyMap<string, FlowGroup>> {
    const chosen = [...committed].filter((name) => choosesGroup(this.#options.groups, name));
    const age = performance.now() - this.#lookedAt;
    const isNew = chosen.some((name) => !this.#seen.has(name));
    if (age > LOOK_EVERY_MS || (isNew && age > LOOK_SOON_MS)) await this.#look(chosen, mayCreate);
    return this.#groups;
  }

  async #look(committed: readonly string[], mayCreate?: () => void): Promise<void> {
    const { source, sourceBrokers, groups } = this.#options;
    const configs = await this.#configs(source, sourceBrokers);
    const known = new Set([...configs.values()].flatMap((table) => [...table.keys()]));
    const chosen = [...known].filter((name) => choosesGroup(groups, name));
    const names = [...new Set([...committed, ...chosen, ...groups.filter((name) => !isPattern(name))])].sort();
    const found = await inParallel(names, async (name) => {
      const online = await this.#subscriptions(name);
      const onBrokers = [...configs.values()].flatMap((table) => table.get(name) ?? []);
      const isDisabled = onBrokers.length > 0 && onBrokers.every(({ consumeEnable }) => !consumeEnable);
      const group = { name, topics: new Set(online.flatMap((one) => one.topics)), isDisabled };
      const refusal = refusalOf(online, known.has(name) || committed.includes(name), source.name);
      return { ...group, ...(refusal !== undefined && { refusal }) };
    });
    if (mayCreate) await this.#create(found, configs, mayCreate);
    this.#groups = new Map(found.map((group) => [group.name, group]));
    this.#seen = new Set(committed);
    this.#lookedAt = performance.now();
  }

  #configs({ admin }: Cluster, brokers: readonly string[]): Promise<GroupsByBroker> {
    this.requests += brokers.length;
    return groupsByBroker(admin, brokers);
  }

  async #subscriptions(group: string): Promise<Subscription[]> {
    const { source, sourceBrokers } = this.#options;
    this.requests += sourceBrokers.length;
    const all = await Promise.all(sourceBrokers.map((broker) => source.admin.subscription(broker, group)));
    return all.filter((one) => one !== undefined);
  }

  async #create(groups: readonly FlowGroup[], onSource: GroupsByBroker, mayCreate: () => void): Promise<void> {
    const { admin } = this.#options.destination;
    const brokers = await mastersOf(admin);
    const there = await this.#configs(this.#options.destination, brokers);
    for (const { name, refusal } of groups) {
      const config = [...onSource.values()].map((table) => table.get(name)).find((one) => one !== undefined);
      if (refusal !== undefined || !config) continue;
      const existing = [...there.values()].map((table) => table.get(name));
      // a broker that joins the cluster gets the group as the others have it
      const consumeEnable = existing.some((one) => one?.consumeEnable);
      for (const [index, broker] of brokers.entries()) {
        if (existing[index]) continue;
        // a move may have enabled it meanwhile
        mayCreate();
        this.requests++;
        await admin.putGroup(broker, { ...config, consumeEnable });
      }
    }
  }
}

function refusalOf(online: readonly Subscription[], isKnown: boolean, cluster: string): string | undefined {
  if (!isKnown) return `cluster ${cluster} knows no such group`;
  if (online.some(({ isBroadcasting }) => isBroadcasting))
    return 'its consumers are broadcasting: they keep their offsets to themselves, so there is nothing to copy';
  return undefined;
}
