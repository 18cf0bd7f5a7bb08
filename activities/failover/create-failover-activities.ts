import { fenceBrokers, setAcceptsFrom } from '../../src/failover/broker-fence.ts';
import { enableGroups, putSwitches } from '../../src/failover/group-fence.ts';
import { settleGroups } from '../../src/failover/settle.ts';
import { takeCut } from '../../src/failover/cut.ts';
import { putPerms } from '../../src/failover/topic-perms.ts';
import { topicsOn } from '../../src/failover/topics-on.ts';
import { readPlaced } from '../../src/groups/placed-groups.ts';
import { mastersOf } from '../../src/transport/masters.ts';
import { beating } from '../beating.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { awaitCopied } from './await-copied.ts';
import { commandReplication } from './command-replication.ts';
import { readLastCopies } from './read-last-copies.ts';
import { whileCurrent } from './standing.ts';
import { survey, surveyLost } from './survey.ts';
import { awaitRunning, surveyBack } from './survey-back.ts';
import { countGroupRepeats, findTail, setAside } from './stranded.ts';
import type { FailoverActivities } from './types.ts';

/** The activities of failovers, on the task queue `replicator`. */
export function createFailoverActivities(dependencies: ActivityDependencies): FailoverActivities {
  const { openCluster } = dependencies;
  return {
    survey: (input) => beating(() => survey(dependencies, input)),
    commandReplication: (input) => beating((signal) => commandReplication(dependencies, input, signal)),
    setTopicPermissions: ({ cluster, perms }) =>
      beating(async () => (await putPerms(whileCurrent(dependencies, cluster), perms)).length),
    fenceBrokers: ({ cluster, brokers }) => beating(() => fenceBrokers(whileCurrent(dependencies, cluster), brokers)),
    restoreBrokers: ({ cluster, brokers }) =>
      beating(async () => {
        const admin = whileCurrent(dependencies, cluster);
        for (const broker of brokers) await setAcceptsFrom(admin, broker);
      }),
    takeCut: ({ cluster, topics, known }) =>
      beating(async () => {
        const opened = openCluster(cluster);
        const present = known ? (await topicsOn(opened.admin, topics, known)).present : topics;
        return await takeCut(opened, present);
      }),
    surveyLost: (input) => beating(() => surveyLost(dependencies, input)),
    surveyBack: (input) => beating(() => surveyBack(dependencies, input)),
    findStranded: (flow) => beating((signal) => findTail(dependencies, flow, signal)),
    readPlaced: ({ cluster, topics, groups }) =>
      beating(async () => {
        const opened = openCluster(cluster);
        return await readPlaced(opened, await mastersOf(opened.admin), topics, groups);
      }),
    countRepeats: (input) => beating((signal) => countGroupRepeats(dependencies, input, signal)),
    setAside: (input) => setAside(dependencies, input),
    awaitRunning: ({ replication }) => beating((signal) => awaitRunning(dependencies, replication, signal)),
    readLastCopies: (flow) => beating((signal) => readLastCopies(dependencies, flow, signal)),
    switchGroups: ({ cluster, switches }) => beating(() => putSwitches(whileCurrent(dependencies, cluster), switches)),
    settleGroups: ({ cluster, groups, until }) =>
      beating(async (signal) => {
        const opened = openCluster(cluster);
        return await settleGroups({ cluster: opened, brokers: await mastersOf(opened.admin), groups, until, signal });
      }),
    enableGroups: ({ cluster, groups }) => beating(() => enableGroups(whileCurrent(dependencies, cluster), groups)),
    awaitCopied: (input) => beating((signal) => awaitCopied(dependencies, input, signal)),
  };
}
