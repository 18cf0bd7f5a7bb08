import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { assertJournaled } from '../src/journal/assert-journaled.ts';
import { Outdated, Superseded } from '../src/pump/problems.ts';
import { NAMED_BLOCKED, runPump } from '../src/pump/pump.ts';
import { OUTDATED, PUMP_REPORT, type PumpReport } from '../src/replication/messages.ts';
import type { PumpInput, PumpProgress, PumpResult } from '../src/replication/pump-messages.ts';
import { Attempt } from '../src/temporal/attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';

const STINT_MS = 6 * 3600 * 1000;
const REPORT_TIMEOUT_MS = 5000;
/** How often a worker leaves a pump to others before it takes it after all. */
const MOST_REFUSALS = 20;
/** Attempts are retried at once; one that fails right away asks for more time. */
const FAILED_RETRY_DELAY = '5s';

export async function pump(dependencies: ActivityDependencies, input: PumpInput): Promise<PumpResult> {
  const attempt = new Attempt(Context.current(), dependencies.client);
  if (input.notOn === dependencies.identity && attempt.number <= MOST_REFUSALS) throw leftToOthers();
  const former = attempt.details as PumpProgress | undefined;
  const isFormerAtRest = former?.atRest === true;
  // The input does not know what was blocked by attempts before this one.
  const believed = [...new Set([...(input.blocked ?? []), ...(former?.blockedQueues ?? [])])];
  const known = { ...input, blocked: believed };
  // What the former said must be gone before this attempt takes a lock: the heartbeat that is acknowledged before that carries this.
  attempt.heartbeat({
    ...{ holder: attempt.number, copied: 0, bytes: 0, troubles: [] },
    blocked: believed.length,
    ...(believed.length > 0 && { blockedQueues: believed.slice(0, NAMED_BLOCKED) }),
  } satisfies PumpProgress);
  let told: Pick<PumpReport, 'blocked' | 'unseen'> = { blocked: [], unseen: believed };
  const report = async (said: PumpReport) => {
    told = said;
    await sendReport(dependencies.client, attempt.workflowId, said);
  };
  let result: PumpResult;
  try {
    const source = dependencies.openCluster(input.source);
    const destination = dependencies.openCluster(input.destination);
    result = await runPump(known, {
      source,
      destination,
      owner: attempt.owner,
      formerOwners: attempt.formerOwners,
      isFormerAtRest,
      attempt: attempt.number,
      pump: attempt.pump,
      budget: dependencies.budget,
      assertCurrent: async () => {
        if ((await attempt.standing()) === 'superseded')
          throw new Superseded('another attempt of this pump has taken over');
        await assertJournaled(source, destination, input);
      },
      heartbeat: (progress) => {
        attempt.heartbeat(progress);
      },
      report,
      cancelled: attempt.ended,
      // all shards of a replication begin together; they should not all end together
      stintMs: STINT_MS * (0.9 + 0.2 * Math.random()),
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof Outdated) throw ApplicationFailure.nonRetryable(message, OUTDATED);
    throw ApplicationFailure.create({ message, nextRetryDelay: FAILED_RETRY_DELAY });
  }
  if (result.ended === 'stint' || attempt.isCancelRequested) return result;
  // The worker shuts down or the activity is paused: an attempt elsewhere goes on, and a result would not be heard.
  const { counters, repeats = [], next } = result;
  const last = {
    source: input.source,
    shard: input.shard,
    pump: attempt.pump,
    blocked: told.blocked,
    ...(told.unseen && { unseen: told.unseen }),
    counters,
    repeats,
    troubles: [],
    ...(next && { next }),
  };
  await report(last).catch(() => undefined);
  throw await attempt.handedOver();
}

function leftToOthers(): ApplicationFailure {
  return ApplicationFailure.create({
    message: 'this worker has more pumps than its part',
    type: 'LeftToOthers',
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: '100ms',
  });
}

/** To whatever run is current: a report counts only for the run and the pump that it names. */
async function sendReport(client: Client, workflowId: string, report: PumpReport): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  await client.withDeadline(Date.now() + REPORT_TIMEOUT_MS, () => handle.signal(PUMP_REPORT, report));
}
