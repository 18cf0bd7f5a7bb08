import type { ReplicationInput } from '../../replication/input.ts';
import type { ClusterAdmin, Topic } from '../../transport/types.ts';
import { messageOf } from '../failure.ts';
import { within } from '../time-limit.ts';
import { CHECK_MS } from './clusters.ts';
import type { Finding } from './finding.ts';

const WRITABLE = 2;

/** The topics of a replication: there on the source, with as many queues on the destination. */
export function checkTopics(
  name: string,
  { source, destination, topics }: ReplicationInput,
  admins: { readonly source: ClusterAdmin; readonly destination: ClusterAdmin },
): Promise<Finding[]> {
  return Promise.all(
    topics.map(async (topic): Promise<Finding> => {
      const about = `replication ${name}`;
      try {
        const [from, to] = await Promise.all([
          within(CHECK_MS, `cluster ${source}`, admins.source.topic(topic)),
          within(CHECK_MS, `cluster ${destination}`, admins.destination.topic(topic)),
        ]);
        return { about, ...verdict(topic, source, destination, from, to) };
      } catch (error) {
        return { result: 'FAIL', about, text: `topic ${topic}: ${messageOf(error)}` };
      }
    }),
  );
}

function verdict(
  topic: string,
  source: string,
  destination: string,
  from: Topic | undefined,
  to: Topic | undefined,
): Omit<Finding, 'about'> {
  if (!from) return { result: 'FAIL', text: `cluster ${source} has no topic ${topic}; create it or correct the name` };
  const wanted = from.brokers.reduce((sum, { readQueues }) => sum + readQueues, 0);
  if (!to)
    return {
      result: 'OK',
      text: `topic ${topic}: ${wanted} queues; will be created on cluster ${destination} at start`,
    };
  const writable = to.brokers.filter(({ perm }) => (perm & WRITABLE) !== 0);
  const there = writable.reduce((sum, { writeQueues }) => sum + writeQueues, 0);
  if (there === wanted) return { result: 'OK', text: `topic ${topic}: ${wanted} queues on both clusters` };
  if (there > wanted)
    return {
      result: 'WARN',
      text: `topic ${topic}: ${wanted} queues on ${source} and ${there} on ${destination}; a sharding key may pick another queue there`,
    };
  return {
    result: 'WARN',
    text: `topic ${topic}: ${wanted} queues on ${source}, only ${there} writable ones on ${destination}; it will be widened at start`,
  };
}
