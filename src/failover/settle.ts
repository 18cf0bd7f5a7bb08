import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../pump/prepare/in-parallel.ts';
import type { SettledGroup } from '../replication/failover/messages.ts';
import { TransportError } from '../transport/errors.ts';
import { queueKey, type Cluster, type ClusterAdmin, type ConsumedQueue } from '../transport/types.ts';
import { countProxyClients } from './proxy-clients.ts';

const LOOK_EVERY_MS = 500;
/** A consumer that does not tell what it holds commits at least this often, by default every 5 s. ms */
const SILENT_COMMIT_MS = 6_000;

export interface SettleOptions {
  readonly cluster: Cluster;
  /** Masters to which consumers are connected. */
  readonly brokers: readonly string[];
  readonly groups: readonly string[];
  /** When waiting ends in any case, ms since 1970. */
  readonly until: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until what consumers of disabled groups had fetched is finished and committed: those that are online are asked what they hold, and what they
 * say they commit must stand on the broker, twice in a row. Of consumers that do not tell, also because they are behind a proxy, offsets must not have
 * moved for 6 s; so must those of groups that pop in order, where each acknowledgement moves the offset. What others have popped is not
 * waited for: the offset has passed it, and what nobody acknowledges comes back by the retry topic. Groups with nobody online settle at once.
 * @throws TransportError
 */
export async function settleGroups({
  cluster,
  brokers,
  groups,
  until,
  signal,
}: SettleOptions): Promise<SettledGroup[]> {
  const { admin } = cluster;
  const orderly = await popsInOrder(admin, brokers);
  const { consumers, unseen } = await lookBehindProxies(cluster, brokers, groups);
  const watches = groups.map((group) => {
    const hidden = { isOrderly: orderly.has(group), behindProxies: consumers.get(group) ?? 0, unseen };
    return new GroupWatch(admin, brokers, group, hidden);
  });
  for (;;) {
    const committed = await readCommitted(admin, brokers, new Set(groups));
    await inParallel(
      watches.filter(({ isSettled }) => !isSettled),
      (watch) => watch.look(committed.get(watch.group) ?? new Map<string, number>()),
    );
    if (watches.every(({ isSettled }) => isSettled) || Date.now() >= until) return watches.map(({ found }) => found);
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** What is known of consumers behind proxies: how many there are by group, or why nobody can say. */
interface BehindProxies {
  readonly consumers: ReadonlyMap<string, number>;
  readonly unseen?: string;
}

async function lookBehindProxies(
  cluster: Cluster,
  brokers: readonly string[],
  groups: readonly string[],
): Promise<BehindProxies> {
  try {
    return { consumers: await countProxyClients(cluster, brokers, groups) };
  } catch (error) {
    if (error instanceof TransportError) return { consumers: new Map(), unseen: error.message };
    throw error;
  }
}

/** Groups made for FIFO consumers. */
async function popsInOrder(admin: ClusterAdmin, brokers: readonly string[]): Promise<ReadonlySet<string>> {
  const tables = await Promise.all(brokers.map((broker) => admin.groupConfigs(broker)));
  const configs = tables.flatMap((table) => [...table.values()]);
  return new Set(configs.flatMap((config) => (config.consumeMessageOrderly === true ? [config.groupName] : [])));
}

/** Offsets by queue. */
type Committed = ReadonlyMap<string, number>;

async function readCommitted(
  admin: ClusterAdmin,
  brokers: readonly string[],
  groups: ReadonlySet<string>,
): Promise<Map<string, Map<string, number>>> {
  const tables = new Map<string, Map<string, number>>();
  for (const broker of brokers)
    for (const { group, topic, offsets } of await admin.groupOffsets(broker)) {
      if (!groups.has(group)) continue;
      const table = tables.get(group) ?? new Map<string, number>();
      tables.set(group, table);
      for (const [id, offset] of offsets) table.set(queueKey({ topic, broker, id }), offset);
    }
  return tables;
}

/** Why what brokers tell of a group's consumers may not be all. */
interface Hidden {
  readonly isOrderly: boolean;
  readonly behindProxies: number;
  readonly unseen: string | undefined;
}

/** One group on its way to a standstill. */
class GroupWatch {
  readonly group: string;
  isSettled = false;
  found: SettledGroup;
  readonly #admin: ClusterAdmin;
  readonly #brokers: readonly string[];
  readonly #hidden: Hidden;
  /** What each consumer told last, by client ID; `undefined` for one that has never told. */
  readonly #told = new Map<string, readonly ConsumedQueue[] | undefined>();
  #offsets = '';
  /** Since when its offsets stand, by `performance.now()`. */
  #stillSince = Infinity;
  #wasDone = false;

  constructor(admin: ClusterAdmin, brokers: readonly string[], group: string, hidden: Hidden) {
    this.group = group;
    this.found = { group, unfinished: 0, silent: 0 };
    this.#admin = admin;
    this.#brokers = brokers;
    this.#hidden = hidden;
  }

  async look(committed: Committed): Promise<void> {
    this.#note(committed);
    const online = await this.#online();
    const tables = await inParallel([...online], ([client, broker]) => this.#ask(client, broker));
    const held = tables.flatMap((queues) => queues ?? []);
    const { isOrderly, behindProxies, unseen } = this.#hidden;
    this.found = {
      group: this.group,
      unfinished: held.reduce((sum, queue) => sum + unfinished(queue, committed), 0),
      silent: tables.filter((queues) => queues === undefined).length + behindProxies,
      ...(unseen !== undefined && { unseen }),
    };
    // one that names no queue may have none, or be of a kind that tells nothing
    const tells = tables.every((queues) => queues && queues.length > 0);
    const isKnown = tells && !isOrderly && behindProxies === 0 && unseen === undefined;
    const isStill = isKnown || performance.now() - this.#stillSince >= SILENT_COMMIT_MS;
    const isDone = this.found.unfinished === 0 && isStill;
    this.isSettled = isDone && (this.#wasDone || online.size === 0);
    this.#wasDone = isDone;
  }

  #note(committed: Committed): void {
    const offsets = JSON.stringify([...committed].sort());
    if (offsets !== this.#offsets) this.#stillSince = performance.now();
    this.#offsets = offsets;
  }

  /** Broker by client ID. */
  async #online(): Promise<ReadonlyMap<string, string>> {
    const online = new Map<string, string>();
    for (const broker of this.#brokers)
      for (const client of await this.#admin.consumers(broker, this.group)) online.set(client, broker);
    return online;
  }

  /** One that does not know the request, or never answers it, is asked only once; one that has told before is taken at its last word meanwhile. */
  async #ask(client: string, broker: string): Promise<readonly ConsumedQueue[] | undefined> {
    if (this.#told.has(client) && this.#told.get(client) === undefined) return undefined;
    try {
      const queues = await this.#admin.consumedQueues(broker, this.group, client);
      this.#told.set(client, queues);
    } catch {
      this.#told.set(client, this.#told.get(client));
    }
    return this.#told.get(client);
  }
}

/** Messages that would be seen again if the group went on from what is committed now. */
function unfinished({ unfinished: held, commitOffset, ...queue }: ConsumedQueue, committed: Committed): number {
  const offset = committed.get(queueKey(queue)) ?? 0;
  return held + Math.max(0, commitOffset - offset);
}
