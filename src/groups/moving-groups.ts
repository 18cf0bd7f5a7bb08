import { choosesGroup } from '../replication/group-choice.ts';
import type { GroupsView } from '../replication/group-progress.ts';
import { matches } from '../replication/topic-pattern.ts';
import { groupsByBroker } from '../transport/masters.ts';
import type { Cluster, ClusterAdmin } from '../transport/types.ts';
import { FlowGroups, type FlowGroup } from './flow-groups.ts';
import { OffsetTable } from './offset-table.ts';

/** What a move of an application finds of its consumer groups. Those that have nothing to do with the topics are left out, unless they are named. */
export interface MovingGroups {
  /** They have committed offsets for these topics, or subscribe to them. */
  readonly moving: readonly string[];
  /** They are named, but have not consumed anything yet. */
  readonly idle: readonly string[];
  /** Why one cannot be moved: a sentence each, with what to do. */
  readonly problems: readonly string[];
  /** A sentence for each group that stays, or with which something else stops. */
  readonly warnings: readonly string[];
}

/** An application as it is served: which groups of these names and patterns consume its topics. */
export interface ServedOptions {
  readonly source: Cluster;
  readonly destination: Cluster;
  /** Brokers of the topics. */
  readonly sourceBrokers: readonly string[];
  readonly topics: readonly string[];
  /** Names and patterns. */
  readonly groups: readonly string[];
}

export interface MovingGroupsOptions extends ServedOptions {
  readonly destinationBrokers: readonly string[];
  /** Those of them that may have consumers at the destination. */
  readonly resetOnline: readonly string[];
  /** By the sync of groups. */
  readonly told: Pick<GroupsView, 'groups' | 'troubles'>;
}

const LONGEST_LIST = 10;

/** @throws TransportError */
export async function findMovingGroups(options: MovingGroupsOptions): Promise<MovingGroups> {
  const { source, topics, told } = options;
  const moving: string[] = [];
  const idle: string[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const { name, committed, topics: subscribed, concerns, refusal } of await servedGroups(options)) {
    if (refusal !== undefined) {
      warnings.push(`group ${name} is not moved: ${refusal}`);
      continue;
    }
    // what it committed once and does not subscribe to now is not stopped
    const consumed = subscribed.size > 0 ? [...subscribed] : committed;
    const others = consumed.filter((topic) => !topics.includes(topic) && !topic.startsWith('%RETRY%'));
    if (others.length > 0) warnings.push(alsoStops(name, others, source.name));
    if (concerns) {
      moving.push(name);
      problems.push(...(await whyNotPlaced(name, options)));
    } else idle.push(name);
  }
  if (moving.length > 0)
    warnings.push(...told.troubles.map((trouble) => `progress of groups does not follow: ${trouble}`));
  return { moving, idle, problems, warnings };
}

/** Groups that would move with the topics from where they are served now. @throws TransportError */
export async function wouldMove(options: ServedOptions): Promise<string[]> {
  return (await servedGroups(options)).flatMap(({ name, refusal }) => (refusal === undefined ? [name] : []));
}

interface ServedGroup extends FlowGroup {
  /** Topics for which it has committed anything. */
  readonly committed: readonly string[];
  /** It has consumed the topics that move, or subscribes to them; else it is only named. */
  readonly concerns: boolean;
}

async function servedGroups(options: ServedOptions): Promise<ServedGroup[]> {
  const { source, sourceBrokers, topics, groups } = options;
  if (groups.length === 0) return [];
  const offsets = await OffsetTable.read(source, sourceBrokers);
  const found = await new FlowGroups(options).current(offsets.groups);
  return [...found.values()].flatMap((group) => {
    const committed = [...offsets.topicsOf(group.name)];
    const concerns = [...committed, ...group.topics].some((topic) => topics.includes(topic));
    return concerns || groups.includes(group.name) ? [{ ...group, committed, concerns }] : [];
  });
}

function alsoStops(group: string, topics: readonly string[], cluster: string): string {
  const shown = topics.slice(0, LONGEST_LIST).join(', ');
  const more = topics.length > LONGEST_LIST ? ' and more' : '';
  return `group ${group} consumes topics that do not move, too, and is stopped on ${cluster} for them as well: ${shown}${more}`;
}

/** Consumers at the destination that wait there for the move are told where to go on; those that consume there already have a place of their own. */
async function whyNotPlaced(
  group: string,
  { destination, destinationBrokers, resetOnline, told }: MovingGroupsOptions,
): Promise<string[]> {
  const { admin, name } = destination;
  let waits = false;
  for (const broker of destinationBrokers) {
    const [online] = await admin.consumers(broker, group);
    if (online === undefined) continue;
    waits = true;
    const consumes = (await admin.groupConfigs(broker)).get(group)?.consumeEnable ?? false;
    if (consumes && !resetOnline.some((pattern) => matches(pattern, group)))
      return [
        `group ${group} has consumers on ${name} (${online}) that consume already: stop them, or name the group in resetOnline`,
      ];
    if ((await admin.brokerConfig(broker)).get('useServerSideResetOffset') !== 'true')
      return [
        `group ${group} has consumers on ${name} (${online}), and broker ${broker} cannot tell them where to go on: stop them until the move is over`,
      ];
  }
  // that a group is left alone because of consumers who wait there ends with the move
  const problem = waits ? undefined : told.groups.find((progress) => progress.group === group)?.problem;
  return problem === undefined ? [] : [`group ${group} is not in step: ${problem}`];
}

/** Groups of the replication that a cluster has, by name, and whether any broker lets them consume. @throws TransportError */
export async function knownGroups(admin: ClusterAdmin, groups: readonly string[]): Promise<Map<string, boolean>> {
  const known = new Map<string, boolean>();
  if (groups.length === 0) return known;
  const tables = [...(await groupsByBroker(admin)).values()];
  for (const [name, { consumeEnable }] of tables.flatMap((table) => [...table]))
    if (choosesGroup(groups, name)) known.set(name, consumeEnable || known.get(name) === true);
  return new Map([...known].sort(([a], [b]) => (a < b ? -1 : 1)));
}
