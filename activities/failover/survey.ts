import { ApplicationFailure } from '@temporalio/common';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { acceptsFrom, alsoFenced, lagOf, refusingBrokers, topicsThatDiffer } from '../../src/failover/survey.ts';
import { readEnds } from '../../src/failover/cut.ts';
import { brokersOf, readPerms } from '../../src/failover/topic-perms.ts';
import { WRONG_INPUT, type ReplicationStatus } from '../../src/replication/messages.ts';
import { workflowId } from '../../src/replication/names.ts';
import { runningReplications } from '../../src/temporal/running-replications.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { Survey, SurveyInput } from './types.ts';

const QUERY_MS = 10_000;

/** See `FailoverActivities.survey`. */
export async function survey(
  { client, openCluster }: ActivityDependencies,
  { replication, fence, heldBy }: SurveyInput,
): Promise<Survey> {
  const status = await statusOf(client, replication);
  const { topics } = status;
  const source = openCluster(status.source);
  const destination = openCluster(status.destination);
  const [brokers, destinationBrokers] = await Promise.all([
    brokersOf(source.admin, topics),
    brokersOf(destination.admin, topics),
  ]);
  const before = {
    perms: await readPerms(source.admin, topics),
    brokers: await acceptsFrom(source.admin, brokers),
    groups: [],
  };
  const problems = [
    ...ofReplication(status, heldBy),
    ...(await topicsThatDiffer(source, destination, topics)),
    ...(await refusingBrokers(source, before.brokers)),
    ...(await refusingBrokers(destination, await acceptsFrom(destination.admin, destinationBrokers))),
  ];
  const warnings =
    fence === 'broker'
      ? [...(await alsoFenced(source, topics, brokers)), ...(await otherTasks(client, replication, source.name))]
      : [];
  return {
    source: source.name,
    destination: destination.name,
    topics,
    groups: status.input.groups,
    problems,
    warnings,
    behind: await lagOf(source, destination.name, replication, topics),
    before,
    destinationEnds: await readEnds(destination, topics),
    destinationPerms: await readPerms(destination.admin, topics),
  };
}

async function statusOf(client: Client, replication: string): Promise<ReplicationStatus> {
  try {
    return await client.withDeadline(Date.now() + QUERY_MS, () =>
      client.workflow.getHandle(workflowId(replication)).query<ReplicationStatus>('status'),
    );
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw ApplicationFailure.nonRetryable(`replication ${replication} does not run; start it first`, WRONG_INPUT);
  }
}

function ofReplication(status: ReplicationStatus, heldBy: string | undefined): string[] {
  const { name, state, mode, blocked, input } = status;
  const problems: string[] = [];
  if (mode !== 'one-way')
    problems.push(`replication ${name} is ${mode}; a switchover of a two-way task is not available yet`);
  if (input.groups.length > 0)
    problems.push(`replication ${name} has groups; moving consumer groups is not available yet`);
  problems.push('a switchover is not available yet: replications cannot be reversed yet');
  if (state !== 'RUNNING') problems.push(`replication ${name} is ${state}; expected RUNNING, resume it first`);
  if (status.heldBy !== undefined && status.heldBy !== heldBy)
    problems.push(`replication ${name} is held by ${status.heldBy}; wait for that, or release it`);
  for (const { topic, broker, queue, reason } of blocked)
    problems.push(`queue ${topic}/${broker}/${queue} is blocked, and would never be drained: ${reason}`);
  return problems;
}

/** Other replications into the brokers that are fenced. */
async function otherTasks(client: Client, replication: string, source: string): Promise<string[]> {
  const into = (await runningReplications(client)).filter(
    (other) => other.destination === source && other.replication !== replication,
  );
  return into.map(
    (other) => `fence: broker stops replication ${other.replication} meanwhile, which copies into ${source}`,
  );
}
