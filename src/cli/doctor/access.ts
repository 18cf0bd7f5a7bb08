import type { ReplicationInput } from '../../replication/input.ts';
import { flowGroup, JOURNAL_TOPIC, QUARANTINE_TOPIC } from '../../replication/names.ts';
import type { AccessAnswer, Cluster, ClusterAdmin } from '../../transport/types.ts';
import { messageOf } from '../failure.ts';
import { within } from '../time-limit.ts';
import type { Finding } from './finding.ts';
import { readSettings, type CheckedTopic } from './topics.ts';

/** How long one broker may take to answer for all topics. ms */
const ACCESS_MS = 15_000;

interface Side {
  readonly cluster: string;
  readonly admin: ClusterAdmin;
  readonly writes: boolean;
  /** Topics of the replicator itself that are written there: the journal (R12), and what was refused (R9). */
  readonly ownTopics: readonly string[];
}

interface Asked {
  readonly topic: string;
  readonly answers: readonly AccessAnswer[];
}

/** Whether both clusters allow what copying takes: reading, checkpoints; at the destination also writing, locks, and creating topics. */
export async function checkAccess(
  name: string,
  { onPoison }: Pick<ReplicationInput, 'onPoison'>,
  topics: readonly CheckedTopic[],
  source: Cluster,
  destination: Cluster,
): Promise<Finding[]> {
  const group = flowGroup({ replication: name, source: source.name, destination: destination.name });
  const ownTopics = onPoison === 'quarantine' ? [JOURNAL_TOPIC, QUARANTINE_TOPIC] : [JOURNAL_TOPIC];
  const sides: Side[] = [
    { cluster: source.name, admin: source.admin, writes: false, ownTopics: [] },
    { cluster: destination.name, admin: destination.admin, writes: true, ownTopics },
  ];
  const findings = await Promise.all(sides.map((side) => checkSide(`replication ${name}`, side, group, topics)));
  return findings.flat();
}

async function checkSide(
  about: string,
  side: Side,
  group: string,
  topics: readonly CheckedTopic[],
): Promise<Finding[]> {
  const byBroker = new Map<string, CheckedTopic[]>();
  for (const topic of topics)
    for (const { broker } of (side.writes ? topic.plan?.destination : topic.source?.brokers) ?? [])
      byBroker.set(broker, [...(byBroker.get(broker) ?? []), topic]);
  const findings = await Promise.all(
    [...byBroker].map(async ([broker, own]) => {
      try {
        return verdicts(
          about,
          side,
          broker,
          await within(ACCESS_MS, `broker ${broker}`, ask(side, broker, group, own)),
        );
      } catch (error) {
        return [{ result: 'FAIL', about, text: `cluster ${side.cluster}: ${messageOf(error)}` } as const];
      }
    }),
  );
  return findings.flat();
}

async function ask(
  { admin, writes, ownTopics }: Side,
  broker: string,
  group: string,
  topics: readonly CheckedTopic[],
): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const { plan, isCreated = false } of topics)
    if (plan) {
      const question = { topic: plan.topic, group, writes, createsTopic: writes && isCreated };
      asked.push({ topic: plan.topic, answers: await admin.access(broker, question) });
    }
  for (const topic of ownTopics) {
    const createsTopic = (await readSettings(admin, broker, topic)) === undefined;
    asked.push({ topic, answers: await admin.access(broker, { topic, group, writes, createsTopic }) });
  }
  return asked;
}

/** One finding for each request that is refused, with what to grant. Exported for its test. */
export function verdicts(
  about: string,
  { cluster, writes }: Pick<Side, 'cluster' | 'writes'>,
  broker: string,
  asked: readonly Asked[],
): Finding[] {
  const refused = new Map<string, { answer: AccessAnswer; grants: Set<string> }>();
  for (const { answers } of asked)
    for (const answer of answers)
      if (answer.refusal !== undefined) {
        const known = refused.get(answer.request) ?? { answer, grants: new Set() };
        known.grants.add(answer.grant);
        refused.set(answer.request, known);
      }
  const what = writes ? 'reading, writing, locks and checkpoints' : 'reading and checkpoints';
  if (refused.size === 0) return [{ result: 'OK', about, text: `cluster ${cluster}, broker ${broker} allows ${what}` }];
  return [...refused.values()].map(({ answer, grants }) => ({
    result: 'FAIL',
    about,
    text:
      `cluster ${cluster}, broker ${broker} does not let us ${answer.purpose} (${answer.request}); ` +
      `grant ${[...grants].join('; ')}. It says: ${answer.refusal}`,
  }));
}
