import type { GroupProgress, GroupQueueProgress } from '../../replication/group-progress.ts';
import { grouped, table } from '../output.ts';
import type { GroupsReport } from './report.ts';

/** The report for people: a line a group and topic, or one a queue. */
export function groupsText(report: GroupsReport, eachQueue: boolean): string {
  const { name, source, destination, reportedAt, notRead, groups, troubles } = report;
  const troubled = groups.filter(({ problem }) => problem !== undefined);
  return [
    `${name}  groups ${source} -> ${destination}${reportedAt === undefined ? '' : `, worker's last report ${reportedAt}`}`,
    ...(notRead === undefined ? [] : [`as last reported, because the clusters were not read: ${notRead}`]),
    ...troubles.map((trouble) => `trouble, being retried: ${trouble}`),
    '',
    ...(groups.length === 0 ? ['no group matches yet'] : [eachQueue ? queueTable(groups) : topicTable(groups)]),
    ...retryLines(groups),
    ...repeatedLines(report),
    ...(troubled.length === 0 ? [] : ['', 'not in step:']),
    ...troubled.map(({ group, problem }) => `  ${group}: ${problem}`),
  ].join('\n');
}

const NONE = '-';

function topicTable(groups: readonly GroupProgress[]): string {
  const head = ['GROUP', 'TOPIC', 'QUEUES', 'SOURCE LAG', 'DESTINATION LAG', 'STILL TO MOVE', 'IN STEP AT'];
  return table(
    head,
    groups.flatMap(({ group, queues, syncedAt = NONE }) => {
      const topics = [...new Set(queues.map(({ topic }) => topic))];
      if (topics.length === 0) return [[group, NONE, 0, 0, 0, 0, syncedAt]];
      return topics.map((topic) => {
        const own = queues.filter((queue) => queue.topic === topic);
        const sum = (of: (queue: GroupQueueProgress) => number) => own.reduce((total, queue) => total + of(queue), 0);
        return [
          ...[group, topic, own.length],
          ...[sum(({ sourceLag = 0 }) => sourceLag), sum(({ destinationLag = 0 }) => destinationLag)],
          ...[sum(toMove), syncedAt],
        ];
      });
    }),
  );
}

function queueTable(groups: readonly GroupProgress[]): string {
  const head = ['GROUP', 'QUEUE', 'SOURCE', 'LAG', 'MEANS', 'DESTINATION', 'LAG', 'COPIED TO'];
  return table(
    head,
    groups.flatMap(({ group, queues }) =>
      queues.map(({ topic, broker, queue, to, source, sourceLag, translated, destination, destinationLag }) => [
        ...[group, `${topic}/${broker}/${queue}`, source ?? NONE, sourceLag ?? NONE, translated ?? NONE],
        ...[destination ?? NONE, destinationLag ?? NONE, `${to.broker}/${to.queue}`],
      ]),
    ),
  );
}

function retryLines(groups: readonly GroupProgress[]): string[] {
  const waiting = groups.filter(({ retries = 0 }) => retries > 0);
  if (waiting.length === 0) return [];
  return [
    '',
    'waiting on the source for another try, and not copied:',
    ...waiting.map(({ group, retries = 0 }) => `  ${group}: ${grouped(retries)} messages`),
  ];
}

function repeatedLines({ destination, groups }: GroupsReport): string[] {
  const repeating = groups.flatMap(({ group, queues }) => {
    const messages = queues.reduce((total, { repeated = 0 }) => total + repeated, 0);
    return messages > 0 ? [`  ${group}: ${grouped(messages)} messages`] : [];
  });
  return repeating.length === 0
    ? []
    : ['', `consumed, and seen again if the group went on at ${destination} now:`, ...repeating];
}

/** Offsets that the group has yet to go on at the destination, to be where it is on the source. */
function toMove({ translated, destination = 0 }: GroupQueueProgress): number {
  return translated === undefined ? 0 : Math.max(0, translated - destination);
}
