import { ENABLED_BY_HAND } from '../replication/failover/by-hand.ts';
import type { MovedGroup } from '../replication/failover/messages.ts';
import type { GroupProgress, GroupsView } from '../replication/group-progress.ts';
import { isPattern } from '../replication/topic-pattern.ts';
import type { Cluster } from '../transport/types.ts';
import { knownGroups } from './moving-groups.ts';
import { OffsetTable } from './offset-table.ts';

export type LostGroup = Pick<MovedGroup, 'group' | 'syncedAt' | 'disabled'>;

/** What a move finds of consumer groups whose source is lost. */
export interface LostGroups {
  /** They go on at the destination; those of others that a pattern matches are left out. */
  readonly groups: readonly LostGroup[];
  /** A sentence for each that does not go on exactly where it was in step last. */
  readonly warnings: readonly string[];
}

export interface LostGroupsOptions {
  /** Name of the lost cluster. */
  readonly source: string;
  readonly destination: Cluster;
  /** Brokers of the topics at the destination. */
  readonly brokers: readonly string[];
  readonly topics: readonly string[];
  /** Names and patterns. */
  readonly groups: readonly string[];
  /** By the sync of groups, as long as there was a source. */
  readonly told: Pick<GroupsView, 'at' | 'groups' | 'more' | 'fenced'>;
}

const LONGEST_LIST = 20;

/** @throws TransportError */
export async function findLostGroups(options: LostGroupsOptions): Promise<LostGroups> {
  const { source, destination, brokers, topics, groups: wanted, told: reported } = options;
  if (wanted.length === 0) return { groups: [], warnings: [] };
  const known = await knownGroups(destination.admin, wanted);
  const offsets = await OffsetTable.read(destination, brokers);
  const progress = new Map(reported.groups.map((one) => [one.group, one]));
  const fenced = new Set(reported.fenced);
  const isAllTold = reported.at !== undefined && reported.more.groups === 0;
  const groups: LostGroup[] = [];
  const warnings = wanted
    .filter((name) => !isPattern(name) && !known.has(name))
    .map((name) => `group ${name} does not exist on ${destination.name}: its consumers begin where they choose`);
  for (const group of known.keys()) {
    const found = progress.get(group);
    const hasPlace = [...offsets.topicsOf(group)].some((topic) => topics.includes(topic));
    const concerns = found ? isOfTopics(found) || hasPlace : !isAllTold && hasPlace;
    if (!concerns && !wanted.includes(group)) continue;
    const { syncedAt, problem, disabled = false } = found ?? {};
    const isDisabled = disabled && !fenced.has(group);
    groups.push({ group, ...(syncedAt !== undefined && { syncedAt }), ...(isDisabled && { disabled: true }) });
    if (isDisabled || (problem === undefined && syncedAt !== undefined)) continue;
    const why =
      problem === undefined
        ? `it is not known when group ${group} was in step with ${source} last`
        : `group ${group} was not in step with ${source}: ${problem}`;
    const goesOn = hasPlace
      ? 'it goes on where it stands'
      : 'it has no place there, and begins where its consumers choose';
    warnings.push(`${why}; on ${destination.name} ${goesOn}`);
  }
  const more = warnings.length - LONGEST_LIST;
  const told = more > 0 ? [...warnings.slice(0, LONGEST_LIST), `the same is true of ${more} more groups`] : warnings;
  const chosen = new Set(groups.map(({ group }) => group));
  const leftOut = [...known].flatMap(([group, consumes]) => (consumes || chosen.has(group) ? [] : [group]));
  return { groups, warnings: [...told, ...stayDisabled(leftOut, destination.name)] };
}

/** Others' groups are left alone; but one that began right before the loss, or was not told of, looks like them. */
function stayDisabled(groups: readonly string[], cluster: string): string[] {
  if (groups.length === 0) return [];
  const more = groups.length - LONGEST_LIST;
  return [
    `groups that are disabled on ${cluster} and stay so, because nothing tells that they consumed these topics: ${groups.slice(0, LONGEST_LIST).join(', ')}` +
      `${more > 0 ? ` and ${more} more` : ''}; enable those that did: ${ENABLED_BY_HAND}`,
  ];
}

/** One that has nothing to do with the topics has a problem and no queue. */
function isOfTopics({ problem, queues }: GroupProgress): boolean {
  return problem === undefined || queues.length > 0;
}
