import { flowLag } from '../pump/flow-lag.ts';
import { isOwnName, type Flow } from '../replication/names.ts';
import type { AcceptsFrom } from '../replication/failover/settings.ts';
import { within } from '../transport/remoting/within.ts';
import type { Cluster, ClusterAdmin, Topic } from '../transport/types.ts';
import { readAcceptsFrom, takesSends } from './broker-fence.ts';
import { routeOf } from './topic-perms.ts';

const LONGEST_LIST = 10;

/** A sentence for each topic in which a sharding key would pick another queue on the destination, or has none (R1). */
export async function topicsThatDiffer(
  source: Cluster,
  destination: Cluster,
  topics: readonly string[],
): Promise<string[]> {
  const problems = await Promise.all(
    topics.map(async (name) => {
      const there = await destination.admin.topic(name);
      const [from, to] = [writableQueues(await routeOf(source.admin, name)), there ? writableQueues(there) : 0];
      return from === to
        ? []
        : [
            `topic ${name} has ${from} writable queues on ${source.name} and ${to} on ${destination.name}: a sharding key would pick ` +
              'another queue there; make them the same',
          ];
    }),
  );
  return problems.flat();
}

/** As the name servers say; a topic that is read-only now may be opened. */
function writableQueues({ brokers }: Topic): number {
  return brokers.reduce((sum, { writeQueues }) => sum + writeQueues, 0);
}

/** A sentence for each broker that refuses sends already. */
export async function refusingBrokers(cluster: Cluster, brokers: readonly AcceptsFrom[]): Promise<string[]> {
  const problems = await Promise.all(
    brokers.map(async (broker) =>
      (await takesSends(cluster.admin, broker))
        ? []
        : [
            `broker ${broker.broker} of ${cluster.name} takes no sends until ${new Date(broker.from).toISOString()} ` +
              '(startAcceptSendRequestTimeStamp): another failover works there, or somebody set it; wait, or set it to 0',
          ],
    ),
  );
  return problems.flat();
}

/** What a fence of whole brokers would stop besides these topics: a sentence, or none. */
export async function alsoFenced(
  cluster: Cluster,
  topics: readonly string[],
  brokers: readonly string[],
): Promise<string[]> {
  const others = (await cluster.admin.topicNames()).filter(
    (name) => !topics.includes(name) && !name.startsWith('%') && !isOwnName(name),
  );
  const concerned: string[] = [];
  for (const name of others) {
    const route = await cluster.admin.topic(name);
    if (route?.brokers.some(({ broker }) => brokers.includes(broker))) concerned.push(name);
    if (concerned.length > LONGEST_LIST) break;
  }
  if (concerned.length === 0) return [];
  const shown = concerned.slice(0, LONGEST_LIST).join(', ');
  return [
    `fence: broker refuses every send to ${brokers.join(', ')} of ${cluster.name}, also to topics that do not move: ` +
      (concerned.length > LONGEST_LIST ? `${shown} and more` : shown),
  ];
}

/** Messages that the flow has not copied yet. @throws TransportError */
export async function lagOf(source: Cluster, flow: Flow, topics: readonly string[]): Promise<number> {
  return (await flowLag(source.admin, flow, topics)).reduce((sum, { lag }) => sum + lag, 0);
}

export async function acceptsFrom(admin: ClusterAdmin, brokers: readonly string[]): Promise<AcceptsFrom[]> {
  return await Promise.all(brokers.map((broker) => readAcceptsFrom(admin, broker)));
}

/** For each question, of which two follow one another. */
const ANSWERS_WITHIN_MS = 8_000;

/**
 * Which brokers of these topics answer, and which do not. One that is away is not in the routes for long, so those from which was copied (`known`) are
 * asked as well. Where the name servers are away, none answers.
 */
export async function answeringBrokers(
  { admin }: Cluster,
  topics: readonly string[],
  known: readonly string[],
): Promise<{ readonly some: readonly string[]; readonly away: readonly string[] }> {
  const none = { some: [], away: known.length > 0 ? [...new Set(known)] : ['every broker of these topics'] };
  const routes = await Promise.all(topics.map((topic) => inTime(admin.topic(topic)))).catch(() => undefined);
  if (!routes) return none;
  const registered = routes.flatMap((topic) => topic?.brokers.map(({ broker }) => broker) ?? []);
  const brokers = [...new Set([...known, ...registered])].sort();
  if (brokers.length === 0) return none;
  const answers = await Promise.allSettled(brokers.map((broker) => inTime(admin.brokerVersion(broker))));
  const some = brokers.filter((_, index) => answers[index]!.status === 'fulfilled');
  return { some, away: brokers.filter((broker) => !some.includes(broker)) };
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  return await within(ANSWERS_WITHIN_MS, answer, () => new Error('no answer in time'), []);
}
