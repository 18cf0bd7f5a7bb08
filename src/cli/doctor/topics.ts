import { chooseTopics, idlePatterns, type ChosenTopic } from '../../pump/prepare/choose-topics.ts';
import { inParallel } from '../../pump/prepare/in-parallel.ts';
import { whyNot } from '../../pump/prepare/inspect.ts';
import { planTopic, type TopicPlan } from '../../pump/prepare/topic-plan.ts';
import type { ReplicationInput } from '../../replication/input.ts';
import { TransportError } from '../../transport/errors.ts';
import type { Cluster, ClusterAdmin, Topic, TopicConfig } from '../../transport/types.ts';
import { messageOf } from '../failure.ts';
import { within } from '../time-limit.ts';
import { CHECK_MS } from './clusters.ts';
import type { Finding } from './finding.ts';

const WRITABLE = 2;

export interface CheckedTopic {
  readonly finding: Finding;
  /** Absent where the topic cannot be copied. */
  readonly source?: Topic;
  readonly plan?: TopicPlan;
  /** Whether a start would create or widen it. */
  readonly isCreated?: boolean;
}

/** The topics of a replication: there on the source, and what a start would make of them on the destination. */
export async function checkTopics(
  name: string,
  input: ReplicationInput,
  source: Cluster,
  destination: Cluster,
  brokers: readonly string[],
): Promise<CheckedTopic[]> {
  const about = `replication ${name}`;
  try {
    const chosen = await within(CHECK_MS, `cluster ${source.name}`, chooseTopics(source, input));
    const checked = await inParallel(chosen, async (topic): Promise<CheckedTopic> => {
      const { refusal, ...found } = await checkTopic(about, topic, source, destination, brokers);
      // what a pattern matches and cannot be copied is left out
      return refusal === undefined
        ? found
        : { finding: { result: topic.path === undefined ? 'WARN' : 'FAIL', about, text: refusal } };
    });
    const idle = idlePatterns(source, input, chosen).map(({ reason }) => ({
      finding: { result: 'WARN', about, text: reason } as const,
    }));
    return [...checked, ...idle];
  } catch (error) {
    return [{ finding: { result: 'FAIL', about, text: messageOf(error) } }];
  }
}

async function checkTopic(
  about: string,
  chosen: ChosenTopic,
  source: Cluster,
  destination: Cluster,
  brokers: readonly string[],
): Promise<CheckedTopic & { readonly refusal?: string }> {
  const topic = chosen.name;
  const fail = (refusal: string) => ({ finding: { result: 'FAIL', about, text: refusal } as const, refusal });
  try {
    const [from, to] = await Promise.all([
      within(CHECK_MS, `cluster ${source.name}`, source.admin.topic(topic)),
      within(CHECK_MS, `cluster ${destination.name}`, destination.admin.topic(topic)),
    ]);
    const config = from?.brokers[0] && (await readSettings(source.admin, from.brokers[0].broker, topic));
    if (!from || !config) return fail(`cluster ${source.name} has no topic ${topic}; create it or correct the name`);
    const refusal = config === 'refused' ? undefined : whyNot(chosen, from, config);
    if (refusal !== undefined) return fail(refusal);
    const plan = planTopic(from, to, brokers, []);
    return { ...verdict(about, from, to, plan, destination.name), source: from, plan };
  } catch (error) {
    return { finding: { result: 'FAIL', about, text: `topic ${topic}: ${messageOf(error)}` } };
  }
}

/** That the account may not read them is said with all else that it may not do. @throws TransportError */
export async function readSettings(
  admin: ClusterAdmin,
  broker: string,
  topic: string,
): Promise<TopicConfig | 'refused' | undefined> {
  try {
    return await admin.topicConfig(broker, topic);
  } catch (error) {
    if (error instanceof TransportError && error.answered) return 'refused';
    throw error;
  }
}

/** Exported for its test. */
export function verdict(
  about: string,
  from: Topic,
  to: Topic | undefined,
  plan: TopicPlan,
  destination: string,
): Pick<CheckedTopic, 'finding' | 'isCreated'> {
  const queues = `topic ${from.name}: ${countText(from)}`;
  if (!to) {
    const text = `${queues}; will be created on cluster ${destination} at start`;
    return { finding: { result: 'OK', about, text }, isCreated: true };
  }
  const isWidened = plan.destination.some(({ broker, readQueues, writeQueues }) => {
    const now = to.brokers.find((entry) => entry.broker === broker);
    return !now || now.readQueues < readQueues || now.writeQueues < writeQueues;
  });
  const wanted = writable(from);
  const there = writable({
    ...to,
    brokers: plan.destination.map((entry) => ({
      ...entry,
      perm: to.brokers.find(({ broker }) => broker === entry.broker)?.perm ?? WRITABLE,
    })),
  });
  const widened = isWidened ? `, only ${countText(to)} on cluster ${destination}; it will be widened at start` : '';
  if (there !== wanted) {
    const text =
      `${queues}${widened}; clients will list ${wanted} writable ones on the source and ${there} on ${destination}, so a sharding key may ` +
      'pick another queue there; order is kept within each queue';
    return { finding: { result: 'WARN', about, text }, isCreated: isWidened };
  }
  if (isWidened) return { finding: { result: 'WARN', about, text: `${queues}${widened}` }, isCreated: true };
  return { finding: { result: 'OK', about, text: `${queues} on both clusters` }, isCreated: false };
}

/** `8 queues on 2 brokers, 2 of them can only be read` */
function countText({ brokers }: Topic): string {
  const all = brokers.reduce((sum, { readQueues, writeQueues }) => sum + Math.max(readQueues, writeQueues), 0);
  const readOnly = brokers.reduce((sum, { readQueues, writeQueues }) => sum + Math.max(0, readQueues - writeQueues), 0);
  return [
    all === 1 ? '1 queue' : `${all} queues`,
    ...(brokers.length > 1 ? [` on ${brokers.length} brokers`] : []),
    ...(readOnly > 0 ? [`, ${readOnly} of them can only be read`] : []),
  ].join('');
}

/** How many queues clients can send to. */
function writable({ brokers }: Topic): number {
  return brokers.reduce((sum, { writeQueues, perm }) => sum + ((perm & WRITABLE) === 0 ? 0 : writeQueues), 0);
}
