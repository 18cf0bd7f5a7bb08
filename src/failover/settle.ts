import { setTimeout as sleep } from 'node:timers/promises';
import { inParallel } from '../pump/prepare/in-parallel.ts';
import type { SettledGroup } from '../replication/failover/messages.ts';
import { queueKey, type ClusterAdmin, type ConsumedQueue } from '../transport/types.ts';

const LOOK_EVERY_MS = 500;
/** A consumer that does not tell what it holds commits at least this often, by default every 5 s. ms */
const SILENT_COMMIT_MS = 6_000;

export interface SettleOptions {
  readonly admin: ClusterAdmin;
  /** Masters to which consumers are connected. */
  readonly brokers: readonly string[];
  readonly groups: readonly string[];
  /** When waiting ends in any case, ms since 1970. */
  readonly until: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until what consumers of disabled groups had fetched is finished and committed: those that are online are asked what they hold, and what they
 * say they commit must stand on the broker, twice in a row. Of consumers that do not tell, offsets must not have moved for 6 s; so must those of
 * groups that pop in order, because brokers do not see consumers behind a proxy, and each acknowledgement moves the offset. What others have popped is not
 * waited for: the offset has passed it, and what nobody acknowledges comes back by the retry topic. Groups with nobody online settle at once.
 * @throws TransportError
 */
export async function settleGroups({ admin, brokers, groups, until, signal }: SettleOptions): Promise<SettledGroup[]> {
  const orderly = await popsInOrder(admin, brokers);
  const watches = groups.map((group) => new GroupWatch(admin, brokers, group, orderly.has(group)));
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

/** One group on its way to a standstill. */
class GroupWatch {
  readonly group: string;
  isSettled = false;
  found: SettledGroup;
  readonly #admin: ClusterAdmin;
  readonly #brokers: readonly string[];
  readonly #isOrderly: boolean;
  /** What each consumer told last, by client ID; `undefined` for one that has never told. */
  readonly #told = new Map<string, readonly ConsumedQueue[] | undefined>();
  #offsets = '';
  /** Since when its offsets stand, by `performance.now()`. */
  #stillSince = Infinity;
  #wasDone = false;

  constructor(admin: ClusterAdmin, brokers: readonly string[], group: string, isOrderly: boolean) {
    this.group = group;
    this.found = { group, unfinished: 0, silent: 0 };
    this.#admin = admin;
    this.#brokers = brokers;
    this.#isOrderly = isOrderly;
  }

  async look(committed: Committed): Promise<void> {
    this.#note(committed);
    const online = await this.#online();
    const tables = await inParallel([...online], ([client, broker]) => this.#ask(client, broker));
    const held = tables.flatMap((queues) => queues ?? []);
    this.found = {
      group: this.group,
      unfinished: held.reduce((sum, queue) => sum + unfinished(queue, committed), 0),
      silent: tables.filter((queues) => queues === undefined).length,
    };
    // one that names no queue may have none, or be of a kind that tells nothing
    const isKnown = !this.#isOrderly && tables.every((queues) => queues && queues.length > 0);
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
