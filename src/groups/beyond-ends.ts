import type { Cut } from '../replication/failover/settings.ts';
import type { Cluster } from '../transport/types.ts';
import { OffsetTable } from './offset-table.ts';

/**
 * A sentence for each of these groups that has committed more than a queue holds: its broker lost the end of the queue, or the topic was deleted and
 * created again. Copying never comes as far as such a group, so that it could not be put into step.
 * @throws TransportError
 */
export async function beyondEnds(
  source: Cluster,
  brokers: readonly string[],
  groups: readonly string[],
  readEnds: () => Promise<Cut>,
): Promise<string[]> {
  if (groups.length === 0) return [];
  const offsets = await OffsetTable.read(source, brokers);
  // queues only grow, so what was committed before stands within them
  const ends = await readEnds();
  return groups.flatMap((group) => {
    const beyond = ends.flatMap(({ topic, broker, ends: max }) =>
      max.flatMap((end, queue) => {
        const offset = offsets.offset(group, topic, { broker, queue });
        return offset !== undefined && offset > end ? [{ topic, broker, queue, end, offset }] : [];
      }),
    );
    const [first, ...more] = beyond;
    if (!first) return [];
    return [
      `group ${group} stands at ${first.offset} in queue ${first.queue} of ${first.topic} on ${first.broker} of ${source.name}, which ends at ${first.end}` +
        `${more.length > 0 ? `, and so in ${more.length} more queues` : ''}: nothing can be copied up to there; ` +
        `reset it there, as by mqadmin resetOffsetByTime -g ${group} -t ${first.topic} -s now`,
    ];
  });
}
