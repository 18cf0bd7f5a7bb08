import { setTimeout as sleep } from 'node:timers/promises';
import { ifAllowed } from '../src/journal/allowed.ts';
import { isNewer } from '../src/journal/entry.ts';
import { readJournal, writeJournal } from '../src/journal/journal.ts';
import type { FlowKnowledge } from '../src/replication/flow-knowledge.ts';
import { supersede } from '../src/journal/supersede.ts';
import { within } from '../src/transport/remoting/within.ts';
import type { Cluster } from '../src/transport/types.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** A source that has not answered by then may be lost. ms */
const LOST_AFTER_MS = 5000;
/** The activity itself may take 20 s. ms */
const RENEWED_WITHIN_MS = 15_000;

/**
 * Journals on both clusters. A source that refuses (it may be read-only for us) goes without. The destination comes last: its journal
 * decides, because whoever may not write there does not copy either.
 */
export async function journal({ openCluster }: ActivityDependencies, known: FlowKnowledge): Promise<void> {
  await ifAllowed(writeJournal(openCluster(known.source), known));
  await writeJournal(openCluster(known.destination), known);
}

/** The destination's journal decides; one that a lost source lacks is not missed, because the newer of both counts. */
export async function raiseEpoch(
  { openCluster }: ActivityDependencies,
  known: FlowKnowledge,
  back?: FlowKnowledge,
): Promise<void> {
  const write = async (cluster: string) => {
    if (back) await supersede(openCluster(cluster), back);
    await writeJournal(openCluster(cluster), known);
  };
  await onBoth(known.destination, known.source, write);
}

/** The side that is to be served decides; one that a lost cluster lacks is not missed, because the newer of both counts. */
export async function journalBack({ openCluster }: ActivityDependencies, back: FlowKnowledge): Promise<void> {
  await onBoth(back.source, back.destination, (cluster) => supersede(openCluster(cluster), back));
}

/** On the cluster that decides, and on the other one unless that is lost. */
async function onBoth(decides: string, other: string, write: (cluster: string) => Promise<void>): Promise<void> {
  await write(decides);
  await Promise.race([write(other).catch(() => undefined), sleep(LOST_AFTER_MS)]);
}

/** Journals a decision; never behind something newer, which a reset may have made a workflow forget. */
export async function journalDecision(dependencies: ActivityDependencies, known: FlowKnowledge): Promise<void> {
  const journaled = await readJournal(dependencies.openCluster(known.destination), known);
  if (!journaled || !isNewer(journaled, known)) await journal(dependencies, known);
}

/**
 * Appends to each cluster's journal again what stands there, before it expires. What the workflow knows counts only where it is newer: after a reset
 * it is older, and a run may go on without all starts. A cluster that does not answer is not waited for; the other one's journal is enough.
 * @returns what keeps a cluster's journal from being renewed
 */
export async function renewJournal({ openCluster }: ActivityDependencies, known: FlowKnowledge): Promise<string[]> {
  const noAnswer = () => new Error(`no answer within ${RENEWED_WITHIN_MS / 1000} s`);
  const renewed = (name: string) => within(RENEWED_WITHIN_MS, renewIn(openCluster(name), known), noAnswer, []);
  const problems = await Promise.all([
    problemOf(known.source, () => ifAllowed(renewed(known.source))),
    problemOf(known.destination, () => renewed(known.destination)),
  ]);
  return problems.flat();
}

async function renewIn(cluster: Cluster, known: FlowKnowledge): Promise<void> {
  const journaled = await readJournal(cluster, known);
  await writeJournal(cluster, journaled && !isNewer(known, journaled) ? journaled : known);
}

async function problemOf(cluster: string, renew: () => Promise<void>): Promise<string[]> {
  try {
    await renew();
    return [];
  } catch (error) {
    return [`the journal on ${cluster} is not renewed: ${error instanceof Error ? error.message : String(error)}`];
  }
}
