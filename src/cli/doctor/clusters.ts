import type { ClusterConfig } from '../../config/types.ts';
import type { BrokerInfo, ClusterAdmin } from '../../transport/types.ts';
import { messageOf } from '../failure.ts';
import { within } from '../time-limit.ts';
import { readFacts, type BrokerFacts } from './broker-facts.ts';
import { settingsText } from './broker-settings.ts';
import type { Finding } from './finding.ts';

/** How long one cluster may take for one check. ms */
export const CHECK_MS = 10_000;

const OLDEST = [4, 4, 0] as const;

export interface CheckedCluster {
  readonly name: string;
  /** Empty where the name servers did not answer. */
  readonly brokers: readonly BrokerInfo[];
  /** Of the brokers that answered. */
  readonly facts: readonly BrokerFacts[];
  readonly findings: readonly Finding[];
}

/** Name servers and every broker: reachable, allowed in, with a master, recent enough. */
export async function checkCluster(config: ClusterConfig, admin: ClusterAdmin): Promise<CheckedCluster> {
  const { name, nameServers } = config;
  const about = `cluster ${name}`;
  try {
    const brokers = await within(CHECK_MS, `name servers ${nameServers.join(', ')}`, admin.brokers());
    if (brokers.length === 0)
      return {
        name,
        brokers,
        facts: [],
        findings: [{ result: 'FAIL', about, text: `${nameServers.join(', ')} knows no brokers` }],
      };
    const checked = await Promise.all(brokers.map((broker) => checkBroker(about, broker, admin)));
    return {
      name,
      brokers,
      facts: checked.flatMap(({ facts }) => facts ?? []),
      findings: checked.map(({ finding }) => finding),
    };
  } catch (error) {
    return { name, brokers: [], facts: [], findings: [{ result: 'FAIL', about, text: messageOf(error) }] };
  }
}

async function checkBroker(
  about: string,
  { name, master }: BrokerInfo,
  admin: ClusterAdmin,
): Promise<{ finding: Finding; facts?: BrokerFacts }> {
  const fail = (text: string): { finding: Finding } => ({ finding: { result: 'FAIL', about, text } });
  if (master === undefined)
    return fail(`broker ${name} has no master; nothing can be written to it or committed there`);
  try {
    const facts = await within(CHECK_MS, `broker ${name} at ${master}`, readFacts(admin, name));
    const text = `broker ${name} at ${master}, ${facts.version}`;
    if (!isRecentEnough(facts.version)) return fail(`${text}; expected ${OLDEST.join('.')} or newer`);
    return { finding: { result: 'OK', about, text: `${text}; ${settingsText(facts)}` }, facts };
  } catch (error) {
    return fail(`broker ${name} at ${master}: ${messageOf(error)}`);
  }
}

/** Of names such as `V5_5_0` or `V4_4_0_SNAPSHOT`. */
export function isRecentEnough(version: string): boolean {
  const parts = /(\d+)[_.](\d+)[_.](\d+)/.exec(version)?.slice(1).map(Number) ?? [];
  for (const [index, least] of OLDEST.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

/** Two names for one cluster would copy a topic into itself. */
export function checkSameCluster(clusters: readonly CheckedCluster[]): Finding[] {
  const findings: Finding[] = [];
  for (const [index, a] of clusters.entries())
    for (const b of clusters.slice(index + 1)) {
      const masters = new Set(a.brokers.map(({ master }) => master));
      const shared = b.brokers.find(({ master }) => master !== undefined && masters.has(master));
      if (shared)
        findings.push({
          result: 'FAIL',
          about: `clusters ${a.name}, ${b.name}`,
          text: `are the same cluster: both have the broker ${shared.name} at ${shared.master}; give each cluster one name`,
        });
    }
  return findings;
}
